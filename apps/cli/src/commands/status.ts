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

/** The rows of `make status`: a server or app each, with what is known of its work. */
export function statusRows(services: readonly ServiceStatus[], notes: ReadonlyMap<string, string>): string[][] {
  return services.map(({ name, state, address, detail }) => [
    name,
    state,
    address,
    [detail, notes.get(name)].filter((text) => text !== undefined).join('; '),
  ]);
}
