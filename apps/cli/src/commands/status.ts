import { Command } from 'commander';
import type { Env } from '@esteira/config';
import { chooseRuntime, resolveSettings, type ServiceStatus } from '@esteira/infra';
import { withConnections } from '../connections.ts';
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
      const notes = await withConnections(settings, (connections) => figures(connections, services));
      print(renderTable(['name', 'state', 'address', 'now'], statusRows(services, notes)));
      if (services.every(({ state }) => state === 'down')) print('Nothing runs: `make start` starts it.');
    });

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
