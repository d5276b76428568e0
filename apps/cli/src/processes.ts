import { hostname } from 'node:os';
import { startedElsewhere, thoseDeclared, type DeclaredProcess, type KnownProcess } from '@esteira/heartbeat';
import type { ServiceStatus } from '@esteira/infra';
import { ordersPipeline } from '@esteira/orders/domain';
import { sqlState } from '@esteira/postgres';
import type { Pipeline } from '@esteira/pipeline';
import { liveRunOf } from '@esteira/relay';
import { tasksPipeline } from '@esteira/tasks/messages';
import type { Connections } from './connections.ts';

/** What the stores know of processes, beside the services that were declared here. */
export interface Processes {
  /** By the names of the services. */
  readonly declared: ReadonlyMap<string, KnownProcess>;
  readonly elsewhere: readonly KnownProcess[];
  /** The ids of the runs that somebody holds. */
  readonly runs: ReadonlySet<string>;
  /** What could not be asked, and why. */
  readonly unknown: readonly { readonly store: string; readonly why: string }[];
}

type Asked = Pick<Connections, 'registers' | 'systems'>;

/** Asks each store for the processes that work on it; none are known of a store that is not up. */
export async function processesOf(connections: Asked, services: readonly ServiceStatus[]): Promise<Processes> {
  const unknown: { store: string; why: string }[] = [];
  const isUp = (name: string) => services.some((service) => service.name === name && service.state === 'up');
  const from = async (store: keyof Asked['registers'], pipeline: Pipeline): Promise<readonly KnownProcess[]> => {
    if (!isUp(store)) return [];
    try {
      return await connections.registers[store].known(pipeline.name);
    } catch (error) {
      // Where its table is not there, nothing of this build has worked on it yet.
      if (sqlState(error) !== UNDEFINED_TABLE) unknown.push({ store, why: (error as Error).message });
      return [];
    }
  };
  const [apis, consumers, ofTasks, runs] = await Promise.all([
    from('redis', ordersPipeline),
    from('endput', ordersPipeline),
    from('tasks', tasksPipeline),
    isUp('redis') ? runsOf(connections) : new Set<string>(),
  ]);
  const known = [...apis, ...consumers, ...ofTasks];
  const declared = services.map(declaredOf);
  return {
    declared: thoseDeclared(known, declared, hostname()),
    elsewhere: startedElsewhere(known, declared, hostname()),
    ...{ runs, unknown },
  };
}

const UNDEFINED_TABLE = '42P01';

/** The runs that are held. Of a cursor that Redis does not tell none is known. */
async function runsOf({ systems }: Asked): Promise<ReadonlySet<string>> {
  const views = await Promise.all(systems.map(({ cursor }) => cursor.read().catch(() => undefined)));
  return new Set(views.map((view) => view && liveRunOf(view)).filter((run) => run !== undefined));
}

/** APIs of one system on one host are told apart by their ports. */
function declaredOf({ name, state, address }: ServiceStatus): DeclaredProcess {
  const port = name.startsWith('api-') && URL.canParse(address) ? Number(new URL(address).port) : 0;
  return { name, answers: state === 'up', ...(port > 0 ? { port } : {}) };
}

/** Whether a process holds a run: the cursor has the last word. */
export const holdsRun = ({ state: { holds } }: KnownProcess, runs: ReadonlySet<string>): boolean =>
  holds !== undefined && runs.has(holds);
