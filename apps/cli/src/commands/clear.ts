import { Command, Option } from 'commander';
import type { Env } from '@esteira/config';
import { settingsEntries, type Settings } from '@esteira/settings';
import { clearDeadLetters } from '@esteira/dead-letters';
import { catalogue, chooseRuntime, resolveSettings, type Runtime, type ServiceStatus } from '@esteira/infra';
import { connectBroker, purgePipeline } from '@esteira/messaging';
import { ordersPipeline } from '@esteira/orders/domain';
import { clearStored } from '@esteira/orders/endput';
import { clearSource } from '@esteira/orders/source';
import { sqlState } from '@esteira/postgres';
import { clearReconciliations } from '@esteira/reconciliation';
import { quiet, withConnections, type Connections } from '../connections.ts';
import { Refused } from '../refused.ts';
import { confirm, isOn, print, printProgress } from '../terminal.ts';

/**
 * `make clear`: empties queues, cursors, logs and tables. Nothing may move meanwhile, so the apps are stopped for it;
 * what ran before runs afterwards.
 */
export const clearCommand = (env: Env): Command =>
  new Command('clear')
    .description('empties queues, cursors, logs and tables')
    .addOption(new Option('--yes', 'does not ask (YES=1)'))
    .action(async ({ yes }: { yes?: boolean }) => {
      const question = 'This removes all orders, messages, dead letters, cursors and logged attempts. Go on?';
      await confirm(question, yes ?? isOn(env['YES']));
      const runtime = await chooseRuntime(env);
      const before = (await runtime.status()).filter(({ state }) => state !== 'down');
      // What was given at the last start is forgotten when everything stops.
      const given = withoutFiles(env, settingsEntries(resolveSettings(env)));
      await runtime.stopApps({ report: printProgress });
      const settings = await runtime.start(given, { profile: 'servers', report: printProgress });
      await withConnections(settings, (connections) => clearAll(settings, connections));
      await startAgain(runtime, given, settings, before);
      print('Cleared: queues, cursors, logs and tables are empty.');
    });

/** What the command line names by a file is among the settings, as what the file holds. */
function withoutFiles(env: Env, settings: readonly (readonly [string, string])[]): Env {
  const others = Object.entries(env).filter(([name]) => !settings.some(([setting]) => name === `${setting}_FILE`));
  return Object.fromEntries([...others, ...settings]);
}

async function clearAll(settings: Settings, { systems, endput, attemptLog, management }: Connections): Promise<void> {
  for (const { name, source, table, cursor, actions } of systems) {
    const cleared = await cursor.clear();
    if (cleared.kind !== 'cleared') throw new Refused(`The cursor of ${name} is held by a run of another program.`);
    await actions.clear();
    // A table of the user is not ours to empty: its rows are published again.
    if (!table.isOwn) await ifThere(clearSource(source));
  }
  await ifThere(clearStored(endput));
  await ifThere(clearDeadLetters(endput, ordersPipeline.name));
  await ifThere(clearReconciliations(endput, ordersPipeline.name));
  await attemptLog.clear(ordersPipeline.name);
  const broker = await connectBroker({ url: settings.RABBITMQ_URL, name: 'esteira cli', logger: quiet });
  try {
    await broker.untilConnected(AbortSignal.timeout(10_000));
    await purgePipeline(broker, management, ordersPipeline);
  } finally {
    await broker.close();
  }
}

const UNDEFINED_TABLE = '42P01';

/** Tables are made when an app starts for the first time; before, there is nothing to empty. */
async function ifThere(clearing: Promise<void>): Promise<void> {
  await clearing.catch((error: unknown) => {
    if (sqlState(error) !== UNDEFINED_TABLE) throw error;
  });
}

/** Starts again what ran before: everything, or the parts whose apps were up. */
async function startAgain(
  runtime: Runtime,
  env: Env,
  settings: Settings,
  before: readonly ServiceStatus[],
): Promise<void> {
  const parts = partsOf(settings, before);
  if (parts.length === settings.systems.length + 1) {
    await runtime.start(env, { profile: 'all', report: printProgress });
    return;
  }
  if (!hadAllServers(settings, before)) await runtime.stop({ report: printProgress });
  for (const profile of parts) await runtime.start(env, { profile, report: printProgress });
}

/** Whether clearing had no server to start. */
function hadAllServers(settings: Settings, before: readonly ServiceStatus[]): boolean {
  const servers = catalogue(settings).filter(({ kind, optional }) => kind === 'server' && optional !== true);
  return servers.every((server) => before.some(({ name }) => name === server.name));
}

/** The parts whose apps are among these services. */
export function partsOf({ systems }: Settings, services: readonly ServiceStatus[]): string[] {
  const names = services.map(({ name }) => name);
  return [
    ...systems.map(({ name }) => name).filter((name) => names.includes(`api-${name}`)),
    ...(names.some((name) => name.startsWith('consumer-')) ? ['queue'] : []),
  ];
}
