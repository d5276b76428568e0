import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { mongodbAttemptLog, type AttemptLog } from '@esteira/attempt-log';
import { settingsEntries } from '@esteira/settings';
import { createPublisher, laneDepth, names } from '@esteira/messaging';
import { createLogger } from '@esteira/observability';
import { ordersPipeline } from '@esteira/orders/domain';
import { journeysOf, ordersToReconcile, republishOrders } from '@esteira/orders/reconciliation';
import { ordersCursor, ordersTable } from '@esteira/orders/source';
import { migrate, openPostgres } from '@esteira/postgres';
import { reconcile, reconciliationMigrations, type UnrestedRow } from '@esteira/reconciliation';
import { openCursor, openRedis } from '@esteira/relay';
import { openBooks, startPipeline, type Books, type Pipeline } from '@esteira/tests/support';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { patient } from '@esteira/tests/patience';

const ROOT = join(import.meta.dirname, '..');
const AN_HOUR = 3_600_000;
let pipeline: Pipeline;
let books: Books;
let log: AttemptLog;
const logger = createLogger({ name: 'test', level: 'silent' });

interface Report {
  readonly consistent: boolean;
  readonly systems: readonly { readonly classes: Readonly<Record<string, number>> }[];
  readonly rows: readonly { readonly id: string; readonly class: string; readonly source?: string }[];
}

beforeAll(async () => {
  // What fails waits for an hour: for as long as these tests run.
  pipeline = await startPipeline({ systems: 1, env: { RETRY_DELAY_MS: String(AN_HOUR) } });
  books = await openBooks(pipeline.settings);
  const { MONGODB_URL: url, ATTEMPT_LOG_TTL_SECONDS: ttlSeconds } = pipeline.settings;
  log = mongodbAttemptLog({ url, applicationName: 'test', pipeline: ordersPipeline.name, ttlSeconds });
});

afterAll(async () => {
  await Promise.all([books.close(), log.close()]);
  await pipeline.stop();
});

/** `make reconcile FORMAT=json`: its exit code, and what it wrote. */
async function makeReconcile(...words: string[]): Promise<{ code: number; report: Report }> {
  const env = { ...process.env, ...Object.fromEntries(settingsEntries(pipeline.settings)) };
  const args = [join(ROOT, 'apps', 'cli', 'src', 'main.ts'), 'reconcile', '--format', 'json', ...words];
  const { code, stdout } = await promisify(execFile)(process.execPath, args, { env, cwd: ROOT }).then(
    (ended) => ({ code: 0, stdout: ended.stdout }),
    (error: unknown) => error as { code: number; stdout: string },
  );
  return { code, report: JSON.parse(stdout) as Report };
}

const classes = ({ report }: { report: Report }) => report.systems[0]?.classes;
const untilUnderWay = (count: number) =>
  vi.waitFor(async () => {
    expect(await books.underWay()).toBe(count);
  }, patient);
const untilStored = (count: number) =>
  vi.waitFor(async () => {
    expect((await books.counts()).stored).toBe(count);
  }, patient);

/** The log is written after what it tells of has happened: a test that clears or reads it waits for its lines. */
const untilLogged = (count: number) =>
  vi.waitFor(async () => {
    expect((await books.counts()).logged).toBe(count);
  }, patient);

async function publish(rows: { positive_inserts: number; negative_inserts: number }, max_attempts: number) {
  await pipeline.post(0, '/v0/insert-data', rows);
  await pipeline.publishAll(0, { max_attempts });
}

/** Reconciles in this process, by the broker's exact counts; publishes again what is missing, if that is wanted. */
async function reconcileHere(republish?: { readonly why: string; readonly maxAttempts: number }) {
  const { settings } = pipeline;
  const [system] = settings.systems;
  const source = openPostgres({ url: system!.databaseUrl, applicationName: 'test' });
  const endput = openPostgres({ url: settings.ENDPUT_DATABASE_URL, applicationName: 'test' });
  const redis = openRedis(settings.REDIS_URL, logger);
  await migrate(settings.ENDPUT_DATABASE_URL, reconciliationMigrations);
  try {
    const cursor = openCursor(redis, ordersCursor(system!.name));
    const systems = [{ name: system!.name, source, table: ordersTable, cursor }];
    const places = { systems, endput, management: undefined as never, attemptLog: log, journeys: journeysOf(settings) };
    const missing: UnrestedRow[] = [];
    const report = await reconcile({
      ...ordersToReconcile(places),
      inFlight: async () => ({ queued: await laneDepth(books.broker, ordersPipeline), waiting: await waiting() }),
      pause: () => Promise.resolve(),
      onRow: (row) => {
        if (row.class === 'missing') missing.push(row);
      },
    });
    if (republish !== undefined) {
      const exchange = names.exchange(ordersPipeline);
      const publish = createPublisher(books.broker, { exchange, mandatory: true, appId: 'test' });
      const { why, maxAttempts } = republish;
      await republishOrders(systems, missing, { endput, publish, maxAttempts, sentBy: { by: 'ana', why } });
    }
    return { missing, classes: report.systems[0]?.classes };
  } finally {
    await Promise.all([source.close(), endput.close(), redis.close()]);
  }
}

async function waiting(): Promise<number> {
  return (await books.underWay()) - (await laneDepth(books.broker, ordersPipeline));
}

describe('a message that waits for an hour, and another that is lost', () => {
  it('are told apart while the log remembers, and the copies of one never hide the other when it does not', async () => {
    await publish({ positive_inserts: 0, negative_inserts: 1 }, 5);
    await untilLogged(1);
    await untilUnderWay(1);
    await publish({ positive_inserts: 1, negative_inserts: 0 }, 1);
    await untilStored(1);
    await untilLogged(2);
    await books.endput('DELETE FROM orders WHERE source_id = 2');

    const first = await reconcileHere();
    expect(first.classes).toMatchObject({ missing: 1, 'in-flight': 1 });
    expect(first.missing).toMatchObject([{ id: '2', source: expect.stringContaining('true') as string }]);

    // Without the log nothing tells which of the two waits: the one that does is published again.
    await log.clear(ordersPipeline.name);
    const guessed = await reconcileHere({ why: 'a test', maxAttempts: 5 });
    expect(guessed.missing).toMatchObject([{ id: '1' }]);
    await untilLogged(1);
    await untilUnderWay(2);
    await log.clear(ordersPipeline.name);

    // Two messages of one row wait now, and stand in for none of the other.
    // One attempt only: of five, the row's id says how many it takes, and each waits for an hour.
    const second = await reconcileHere({ why: 'again', maxAttempts: 1 });
    expect(second.classes).toMatchObject({ missing: 1, 'in-flight': 1 });
    expect(second.missing).toMatchObject([{ id: '2' }]);
    await untilStored(1);
    expect((await reconcileHere()).classes).toMatchObject({ missing: 0, 'in-flight': 1, stored: 1 });
    const sent = await books.endput(`SELECT source_id, by, why FROM republished_rows ORDER BY republished_rows.id`);
    expect(sent).toEqual([
      { source_id: '1', by: 'ana', why: 'a test' },
      { source_id: '2', by: 'ana', why: 'again' },
    ]);
  });

  it('and rows that were archived at their source are no orphans once somebody says so, and later ones are', async () => {
    await publish({ positive_inserts: 3, negative_inserts: 0 }, 1);
    await untilStored(4);
    await books.source(0, 'DELETE FROM orders WHERE id IN (3, 4)');
    const before = await makeReconcile();
    expect(before.code).toBe(1);
    expect(classes(before)).toMatchObject({ orphan: 2, archived: 0 });
    const [system] = pipeline.settings.systems.map(({ name }) => name);
    const words = ['--system', system!, '--archived-up-to', '4', '--why', 'archived with the year'];
    const after = await makeReconcile(...words);
    expect(after.code).toBe(0);
    expect(classes(after)).toMatchObject({ orphan: 0, archived: 2 });
    await books.source(0, 'DELETE FROM orders WHERE id = 5');
    const later = await makeReconcile();
    expect(later.code).toBe(1);
    expect(classes(later)).toMatchObject({ orphan: 1, archived: 2 });
    const [said] = await books.endput<{ id: string }>('SELECT archivings.id FROM archivings');
    expect(classes(await makeReconcile('--withdraw', said!.id))).toMatchObject({ orphan: 3, archived: 0 });
    const history = await books.endput<{ action: string; why: string | null }>(
      `SELECT action, why FROM operator_actions WHERE action LIKE 'archived%' ORDER BY id`,
    );
    expect(history).toEqual([
      { action: 'archived', why: 'archived with the year' },
      { action: 'archived-withdrawn', why: null },
    ]);
  });
});
