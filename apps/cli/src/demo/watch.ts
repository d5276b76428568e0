import { setTimeout as sleep } from 'node:timers/promises';
import { countDeadLetters } from '@esteira/dead-letters';
import { queueDepths } from '@esteira/messaging';
import { ordersPipeline } from '@esteira/orders/domain';
import { countStored } from '@esteira/orders/endput';
import { COUNT_LAG_MS, reconcileOrders } from '@esteira/orders/reconciliation';
import { rowsBehind } from '@esteira/postgres-source';
import { rowsReport, type Reconciliation } from '@esteira/reconciliation';
import { addsUp, isAllAtRest } from '@esteira/pipeline';
import { positionOf } from '@esteira/relay';
import type { Connections } from '../connections.ts';
import { Refused } from '../refused.ts';
import type { OrdersApi } from './api.ts';
import { looked, seemsAtRest, type Patience, type Progress } from './progress.ts';

const LOOK_EVERY_MS = 1_000;
/** Rows are counted exactly, as far as a Postgres integer goes. */
const most = 2_000_000_000;

/** How watching ended: everything is at rest or something is wrong (the reconciliation tells), or nothing moved. */
export type Watched =
  | { readonly kind: 'reconciled'; readonly reconciliation: Reconciliation }
  | { readonly kind: 'stuck'; readonly progress: Progress | undefined; readonly fault: Error | undefined };

export interface WatchOptions {
  readonly connections: Connections;
  readonly apis: readonly OrdersApi[];
  readonly patienceMs: number;
  readonly show: (progress: Progress) => void;
  /** Whether the orders have been imported, and publishing has begun. */
  readonly isImported: () => boolean;
  /** Ends the watching: it rejects. */
  readonly signal: AbortSignal;
}

/** Watches until every order has come to rest. A server that is away for a while is waited for. */
export async function watch(options: WatchOptions): Promise<Watched> {
  let patience: Patience | undefined;
  let progress: Progress | undefined;
  let fault: Error | undefined;
  for (;;) {
    try {
      progress = await look(options.connections);
      fault = undefined;
      options.show(progress);
      patience = looked(patience, progress, Date.now());
      const isStill = Date.now() - patience.since > COUNT_LAG_MS;
      const reconciliation = await settled(options, progress, isStill);
      if (reconciliation !== undefined) return { kind: 'reconciled', reconciliation };
    } catch (error) {
      if (error instanceof Refused) throw error;
      fault = error as Error;
      patience = looked(patience, undefined, Date.now());
    }
    if (Date.now() - patience.since > options.patienceMs) return { kind: 'stuck', progress, fault };
    await sleep(LOOK_EVERY_MS, undefined, { signal: options.signal });
  }
}

/** Starts runs where rows are left; the reconciliation once nothing seems to be left, unless it says otherwise. */
async function settled(
  { connections, apis, show, isImported }: WatchOptions,
  progress: Progress,
  isStill: boolean,
): Promise<Reconciliation | undefined> {
  if (!isImported()) return undefined;
  if (progress.published < progress.imported) await publishWhatIsLeft(connections, apis);
  if (!seemsAtRest(progress, isStill)) return undefined;
  const reconciliation = await reconcileOrders(connections);
  const books = rowsReport(reconciliation.systems);
  if (!isAllAtRest(books) && addsUp(books)) return undefined;
  show(await look(connections));
  return reconciliation;
}

async function publishWhatIsLeft({ systems }: Connections, apis: readonly OrdersApi[]): Promise<void> {
  await Promise.all(
    systems.map(async ({ name, source, table, cursor }) => {
      const view = await cursor.read();
      if (view.status === 'RUNNING' && !view.interrupted) return;
      if ((await rowsBehind(source, table, positionOf(view))).rows > 0)
        await apis.find(({ system }) => system === name)?.run();
    }),
  );
}

/** How many rows the sources have. */
export async function rowsInSources({ systems }: Connections): Promise<number> {
  const counts = await Promise.all(systems.map(({ source, table }) => rowsBehind(source, table, undefined, most)));
  return counts.reduce((sum, { rows }) => sum + rows, 0);
}

async function look({ systems, endput, management }: Connections): Promise<Progress> {
  const [sources, stored, deadLettered, depths] = await Promise.all([
    Promise.all(systems.map(rowsOf)),
    countStored(endput),
    countDeadLetters(endput, ordersPipeline.name),
    queueDepths(management, ordersPipeline),
  ]);
  const total = (counts: Iterable<number>) => [...counts].reduce((sum, count) => sum + count, 0);
  const imported = total(sources.map(({ rows }) => rows));
  const atRest = total(systems.map(({ name }) => stored.get(name) ?? 0));
  return {
    imported,
    published: imported - total(sources.map(({ behind }) => behind)),
    stored: atRest,
    deadLettered,
    // The broker's counts lag: what is at rest by now does not wait any more.
    waiting: Math.min(depths.waiting, Math.max(0, imported - atRest - deadLettered)),
    inLanes: depths.lanes + depths.returned,
  };
}

/** The cursor is read first: rows that arrive in between count as behind. */
async function rowsOf({
  source,
  table,
  cursor,
}: Connections['systems'][number]): Promise<{ rows: number; behind: number }> {
  const position = positionOf(await cursor.read());
  const { rows: behind } = await rowsBehind(source, table, position, most);
  const { rows } = await rowsBehind(source, table, undefined, most);
  return { rows, behind: Math.min(behind, rows) };
}
