import { Command, InvalidArgumentError, Option } from 'commander';
import type { Env } from '@esteira/config';
import { settingsForOrders, type Settings } from '@esteira/settings';
import { groupDeadLetters } from '@esteira/dead-letters';
import { chooseRuntime } from '@esteira/infra';
import { ordersPipeline } from '@esteira/orders/domain';
import { addsUp, isAllAtRest, scheduledDelays } from '@esteira/pipeline';
import { rowsReport, type Reconciliation } from '@esteira/reconciliation';
import { addressTable } from '../addresses.ts';
import { problemLines } from '../books/table.ts';
import { withConnections, type Connections } from '../connections.ts';
import { ordersApi, type OrdersApi } from '../demo/api.ts';
import { openDisplay } from '../demo/display.ts';
import { deal, importBody, readOrders, sample } from '../demo/orders.ts';
import { patienceMs } from '../demo/progress.ts';
import { whatIsStuck } from '../demo/stuck.ts';
import { rowsInSources, watch, type Watched } from '../demo/watch.ts';
import { groupTable } from '../groups.ts';
import { loggedAttempts } from '../reconcile/output.ts';
import { logNote, reportTable } from '../reconcile/report.ts';
import { Refused } from '../refused.ts';
import { formatted } from '../table.ts';
import { print, printProgress } from '../terminal.ts';

/** `make demo`: real orders through everything, and the proof that they add up. */
export const demoCommand = (env: Env): Command =>
  new Command('demo')
    .description('starts everything, sends real orders through it, and reconciles')
    .addOption(
      new Option('--orders <n>', 'a sample, spread evenly over the file (ORDERS=)').env('ORDERS').argParser(count),
    )
    .action(async ({ orders }: { orders?: number }) => {
      const runtime = await chooseRuntime(env);
      const settings = settingsForOrders(await runtime.start(env, { profile: 'all', report: printProgress }));
      process.exitCode = await withConnections(settings, async (all) => {
        const connections = withoutOwnTables(all);
        const rowsBefore = await rowsInSources(connections);
        const watched = await sendThrough(settings, connections, orders ?? Infinity);
        const services = await runtime.status();
        if (watched.kind === 'stuck') {
          const lines = await whatIsStuck(watched, connections, services);
          throw new Refused(`Nothing has moved for a while.\n${lines.map((line) => `  ${line}`).join('\n')}`);
        }
        await conclude(settings, connections, watched.reconciliation);
        if (rowsBefore > 0) print(`${formatted(rowsBefore)} of these rows were here before. ${IMPORTED_ONCE}`);
        print('Open next:');
        print(addressTable(settings, services));
        print('Everything keeps running: `make status` shows it, `make stop` stops it and keeps the data.');
        const books = rowsReport(watched.reconciliation.systems);
        return isAllAtRest(books) && addsUp(books) ? 0 : 1;
      });
    });

const IMPORTED_ONCE = 'What an earlier demo imported is recognised by its Idempotency-Key: it is not imported again.';

function count(text: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new InvalidArgumentError('ORDERS is a whole number above 0.');
  return Number(text);
}

/** Nothing is ever written to a table of the user: such a system takes no part. @throws Refused where no other is left. */
export function withoutOwnTables(connections: Connections): Connections {
  const own = connections.systems.filter(({ table }) => table.isOwn).map(({ name }) => name);
  if (own.length === 0) return connections;
  const systems = connections.systems.filter(({ table }) => !table.isOwn);
  if (systems.length === 0) {
    throw new Refused(
      `The demo imports orders, and each system reads a table of your own: ${own.join(', ')}. Add one that does not, for example SYSTEMS=${own.join(',')},demo.`,
    );
  }
  printProgress(`Left out, since they read tables of your own, to which nothing is written: ${own.join(', ')}.`);
  return { ...connections, systems };
}

/** Imports into all systems at once, publishes from all at once, and watches until everything is at rest. */
async function sendThrough(settings: Settings, connections: Connections, orders: number): Promise<Watched> {
  const { head, lines } = readOrders();
  const chosen = sample(lines, orders);
  const systems = settings.systems.filter(({ ownTable }) => ownTable === undefined);
  const shares = deal(chosen, systems.length);
  const apis = systems.map(({ name, apiPort }) => ordersApi(name, apiPort, settings.apiKeys));
  printProgress(`Sending ${formatted(chosen.length)} orders of CDNOW (1997-98) through ${apis.length} systems.`);
  const display = openDisplay(chosen.length);
  const over = new AbortController();
  let isImported = false;
  const importing = importAll(apis, head, shares).then(() => {
    isImported = true;
  });
  try {
    const watching = watch({
      connections,
      apis,
      patienceMs: patienceMs(Math.max(...scheduledDelays(settings.retrySchedule, settings.MAX_ATTEMPTS))),
      show: display.show,
      isImported: () => isImported,
      signal: over.signal,
    });
    return await Promise.race([watching, importing.then(() => watching)]);
  } finally {
    over.abort();
    display.end();
  }
}

async function importAll(apis: readonly OrdersApi[], head: string, shares: readonly string[][]): Promise<void> {
  const answers = await Promise.all(apis.map((api, i) => api.importOrders(importBody(head, shares[i] ?? []))));
  const refused = answers.reduce((sum, answer) => sum + answer.refused.count, 0);
  if (refused > 0) throw new Refused(`${refused} orders of the data set were refused: this should never happen.`);
  await Promise.all(apis.map((api) => api.run()));
}

async function conclude(settings: Settings, connections: Connections, reconciliation: Reconciliation): Promise<void> {
  const pipeline = ordersPipeline.name;
  print(reportTable(reconciliation, await loggedAttempts(connections)));
  print(logNote(settings.ATTEMPT_LOG_TTL_SECONDS));
  for (const problem of problemLines(rowsReport(reconciliation.systems))) print(problem);
  const { groups } = await groupDeadLetters(connections.endput, pipeline);
  if (groups.length > 0) print(groupTable(groups));
}
