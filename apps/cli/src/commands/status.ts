import { Command } from 'commander';
import type { Env } from '@esteira/config';
import type { KnownProcess } from '@esteira/heartbeat';
import { chooseRuntime, resolveSettings, type ServiceStatus } from '@esteira/infra';
import { withConnections } from '../connections.ts';
import { figures } from '../figures.ts';
import { holdsRun, processesOf, type Processes } from '../processes.ts';
import { renderTable } from '../table.ts';
import { print } from '../terminal.ts';

/** `make status`: one table of what runs, where, and how far it is. */
export const statusCommand = (env: Env): Command =>
  new Command('status')
    .description('shows what runs and where, rows behind, queue depths, dead letters')
    .action(async () => {
      const settings = resolveSettings(env);
      const services = await (await chooseRuntime(env)).status();
      const [notes, processes] = await withConnections(settings, (connections) =>
        Promise.all([figures(connections, services), processesOf(connections, services)]),
      );
      const rows = [
        ...statusRows(services, withHolders(notes, processes)),
        ...elsewhereRows(processes.elsewhere, processes.runs),
        ...processes.unknown.map(({ store, why }) => [`processes in ${store}`, 'not known', '', cut(why)]),
      ];
      print(renderTable(['name', 'state', 'address', 'now'], rows));
      if (services.every(({ state }) => state === 'down')) print('Nothing runs: `make start` starts it.');
    });

const HOLDS = 'holds the run';

/** Says of an API that it holds the run of its system: there may be others of it. */
export function withHolders(
  notes: ReadonlyMap<string, string>,
  { declared, runs }: Pick<Processes, 'declared' | 'runs'>,
): ReadonlyMap<string, string> {
  const holders = [...declared].filter(([, process]) => holdsRun(process, runs));
  return new Map([...notes, ...holders.map(([name]): [string, string] => [name, joined(notes.get(name), HOLDS)])]);
}

const joined = (...texts: readonly (string | undefined)[]) => texts.filter((text) => text !== undefined).join('; ');

/** The rows of `make status` for processes that were started elsewhere. `runs`: those that somebody holds. */
export function elsewhereRows(processes: readonly KnownProcess[], runs: ReadonlySet<string> = new Set()): string[][] {
  return processes.map((process) => {
    const { worker, host, startedAt, seenAt, isSilent, state } = process;
    const now = isSilent
      ? `nothing was heard of it since ${seenAt}`
      : state.why === null
        ? `started at ${startedAt}`
        : `not ready: ${state.why}`;
    const held = holdsRun(process, runs) ? HOLDS : undefined;
    return [worker, isSilent ? 'down' : 'up', `on ${host}`, joined(held, cut(now))];
  });
}

/** What is shown of a reason, in characters: the table stays as wide as a terminal. Its app tells all of it. */
const REASON_LENGTH = 60;

/** The rows of `make status`: a server or app each, with what is known of its work. */
export function statusRows(services: readonly ServiceStatus[], notes: ReadonlyMap<string, string>): string[][] {
  return services.map(({ name, state, address, detail }) => [
    name,
    state,
    address,
    joined(detail === undefined ? detail : cut(detail), notes.get(name)),
  ]);
}

function cut(detail: string): string {
  const line = detail.replaceAll(/\s+/g, ' ');
  return line.length > REASON_LENGTH ? `${line.slice(0, REASON_LENGTH - 1)}…` : line;
}
