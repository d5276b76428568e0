import type { KnownProcess, ProcessRegister } from '@esteira/heartbeat';
import { liveRunOf, type Cursor } from '@esteira/relay';
import type { Overview } from './schema.ts';

/** An API that is registered, and whether it holds the run of its system: the cursor has the last word. */
export type ApiProcess = KnownProcess & { readonly holdsRun: boolean };

/** Asks Redis for the APIs of all systems, wherever they were started. */
export async function askApis(
  register: Pick<ProcessRegister, 'known'>,
  pipeline: string,
  systems: readonly { readonly cursor: Pick<Cursor, 'read'> }[],
): Promise<readonly ApiProcess[]> {
  const [processes, views] = await Promise.all([
    register.known(pipeline),
    Promise.all(systems.map(({ cursor }) => cursor.read())),
  ]);
  const runs = new Set(views.map(liveRunOf));
  return processes.map((one) => ({ ...one, holdsRun: one.state.holds !== undefined && runs.has(one.state.holds) }));
}

/** Those that serve a system, each by its name: `<the name of the API>@<host>:<port>`. Pure. */
export function apiViews(apis: readonly ApiProcess[], api: string): Overview['systems'][number]['apis'] {
  return apis
    .filter(({ worker }) => worker.startsWith(`${api}@`))
    .map(({ worker, isSilent, state, seenAt, startedAt, holdsRun }) => ({
      name: worker,
      state: isSilent ? 'down' : state.why === null ? 'up' : 'not-ready',
      why: isSilent ? 'Nothing was heard of it since.' : state.why,
      since: isSilent ? seenAt : startedAt,
      holds_run: holdsRun,
    }));
}
