import { hostname } from 'node:os';
import { Command } from 'commander';
import type { Env } from '@esteira/config';
import { knownProcesses, startedElsewhere, type KnownProcess } from '@esteira/heartbeat';
import { chooseRuntime, resolveSettings, type ServiceStatus } from '@esteira/infra';
import { ordersPipeline } from '@esteira/orders/domain';
import { sqlState } from '@esteira/postgres';
import { withConnections, type Connections } from '../connections.ts';
import { figures } from '../figures.ts';
import { renderTable } from '../table.ts';
import { print } from '../terminal.ts';

/** `make status`: one table of what runs, where, and how far it is. */
export const statusCommand = (env: Env): Command =>
  new Command('status')
    .description('shows what runs and where, rows behind, queue depths, dead letters')
    .action(async () => {
      const settings = resolveSettings(env);
      const services = await (await chooseRuntime(env)).status();
      const [notes, others] = await withConnections(settings, (connections) =>
        Promise.all([figures(connections, services), elsewhere(connections, services)]),
      );
      const rows = [...statusRows(services, notes), ...others];
      print(renderTable(['name', 'state', 'address', 'now'], rows));
      if (services.every(({ state }) => state === 'down')) print('Nothing runs: `make start` starts it.');
    });

/** Rows of processes that were not started here and work on this endput too; none where it is not up. */
async function elsewhere({ endput }: Connections, services: readonly ServiceStatus[]): Promise<string[][]> {
  if (!services.some(({ name, state }) => name === 'endput' && state === 'up')) return [];
  try {
    const known = await knownProcesses(endput, ordersPipeline.name);
    const declared = services.map(({ name, state }) => ({ name, answers: state === 'up' }));
    return elsewhereRows(startedElsewhere(known, declared, hostname()));
  } catch (error) {
    if (sqlState(error) === UNDEFINED_TABLE) return []; // Nothing of this build has worked on it yet.
    return [['processes elsewhere', 'not known', '', cut((error as Error).message)]];
  }
}

const UNDEFINED_TABLE = '42P01';

/** The rows of `make status` for processes that were started elsewhere. */
export function elsewhereRows(processes: readonly KnownProcess[]): string[][] {
  return processes.map(({ worker, host, startedAt, seenAt, isSilent, state }) => [
    worker,
    isSilent ? 'down' : 'up',
    `on ${host}`,
    cut(
      isSilent
        ? `nothing was heard of it since ${seenAt}`
        : state.why === null
          ? `started at ${startedAt}`
          : `not ready: ${state.why}`,
    ),
  ]);
}

/** What is shown of a reason, in characters: the table stays as wide as a terminal. Its app tells all of it. */
const REASON_LENGTH = 60;

/** The rows of `make status`: a server or app each, with what is known of its work. */
export function statusRows(services: readonly ServiceStatus[], notes: ReadonlyMap<string, string>): string[][] {
  return services.map(({ name, state, address, detail }) => [
    name,
    state,
    address,
    [detail === undefined ? detail : cut(detail), notes.get(name)].filter((text) => text !== undefined).join('; '),
  ]);
}

function cut(detail: string): string {
  const line = detail.replaceAll(/\s+/g, ' ');
  return line.length > REASON_LENGTH ? `${line.slice(0, REASON_LENGTH - 1)}…` : line;
}
