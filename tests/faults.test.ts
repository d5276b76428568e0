import { lockToWriteDeadLetters } from '@esteira/dead-letters';
import { ordersAtRest } from '@esteira/orders/endput';
import { createLogger } from '@esteira/observability';
import { openPostgres } from '@esteira/postgres';
import { cursorKey, openRedis } from '@esteira/relay';
import { openBooks, startPipeline, type Books, type Pipeline } from '@esteira/tests/support';
import { patient } from '@esteira/tests/patience';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const MAX_ATTEMPTS = 5;

/** A run whose process was killed is waited for no longer than this. */
const LETS_GO_SOON = { LEASE_MS: '2000' };

let pipeline: Pipeline;
let books: Books;

beforeEach(async () => {
  pipeline = await startPipeline({ systems: 1, consumers: 2, env: LETS_GO_SOON });
  books = await openBooks(pipeline.settings);
});

afterEach(async () => {
  await books.close();
  await pipeline.stop();
});

const rows = { positive_inserts: 3_600, negative_inserts: 400 };
const TOTAL = 4_000;

async function insert(): Promise<void> {
  expect((await pipeline.post(0, '/v0/insert-data', rows)).status).toBe(201);
}
/** Exactly the numbers of a run without faults: no attempt was spent by one. */
async function expectExactNumbers(): Promise<void> {
  const counts = await books.untilAtRest(TOTAL);
  const attempts = await books.attemptsAsked(MAX_ATTEMPTS);
  expect(counts).toEqual({ stored: 3_600, dead: 400, attempts, logged: attempts });
}

/** As FLUSHALL does to this system. */
async function forgetCursor(): Promise<void> {
  const redis = openRedis(pipeline.settings.REDIS_URL, createLogger({ name: 'test', level: 'silent' }));
  const key = cursorKey({ pipeline: 'orders', system: pipeline.settings.systems[0]!.name });
  await redis.script(`return redis.call('DEL', KEYS[1])`, key);
  await redis.close();
}

const stored = async () => (await books.counts()).stored;
const untilStored = (atLeast: number) =>
  vi.waitFor(async () => {
    expect(await stored()).toBeGreaterThanOrEqual(atLeast);
  }, patient);

/** Transactions of a consumer that wait for a lock in the endput. */
const waitingToStore = async (consumer: string) =>
  (
    await books.endput(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND application_name LIKE $1`,
      [`esteira ${consumer}@%`],
    )
  ).length;

describe('a process that is killed', () => {
  it('as a consumer in mid-batch costs no order and no attempt', async () => {
    await insert();
    const published = pipeline.publishAll(0);
    for (const [index, atLeast] of [200, 1_000, 2_000].entries()) {
      await untilStored(atLeast);
      const consumer = pipeline.consumers[index % 2]!;
      await consumer.end('SIGKILL');
      await consumer.start();
    }
    await published;
    await expectExactNumbers();
  });

  it('as the API in mid-run costs no order: the run goes on where its cursor was', async () => {
    await insert();
    const published = pipeline.publishAll(0);
    await untilStored(1);
    await pipeline.apis[0]!.end('SIGKILL');
    await pipeline.apis[0]!.start();
    await published;
    await expectExactNumbers();
  });
});

describe('a process that is asked to stop', () => {
  it('finishes what is in flight, exits 0, and the rest goes on with the others', async () => {
    await insert();
    const published = pipeline.publishAll(0);
    await untilStored(300);
    expect(await pipeline.consumers[0]!.end('SIGTERM')).toBe(0);
    await untilStored(1_000);
    expect(await pipeline.consumers[1]!.end('SIGTERM')).toBe(0);
    expect(await pipeline.apis[0]!.end('SIGTERM')).toBe(0);
    await Promise.all([...pipeline.consumers, ...pipeline.apis].map((app) => app.start()));
    await published;
    await expectExactNumbers();
  });
});

describe('Redis emptied', () => {
  it('in mid-run and afterwards makes everything be published again, and changes none of the numbers', async () => {
    await insert();
    const published = pipeline.publishAll(0);
    await untilStored(500);
    await forgetCursor();
    await published;
    await expectExactNumbers();
    await forgetCursor();
    await pipeline.publishAll(0);
    await expectExactNumbers();
  });
});

describe('a second signal', () => {
  it('ends a process at once that is still finishing', async () => {
    await insert();
    const consumer = pipeline.consumers[0]!;
    const holder = openPostgres({ url: pipeline.settings.ENDPUT_DATABASE_URL, applicationName: 'holder', max: 1 });
    // While somebody writes dead letters nobody stores: the batches in flight can't finish.
    await holder.transaction(async () => {
      await pipeline.publishAll(0);
      await vi.waitFor(async () => {
        expect(await waitingToStore('consumer-1')).toBeGreaterThan(0);
      }, patient);
      const ended = consumer.end('SIGTERM');
      await vi.waitFor(() => {
        expect(consumer.output()).toContain('finishing what is in flight');
      }, patient);
      consumer.signal('SIGTERM');
      expect(await ended).toBe(1);
    }, lockToWriteDeadLetters(ordersAtRest));
    await holder.close();
    await consumer.start();
    await expectExactNumbers();
  });
});

describe('a row that commits late with a lower id', () => {
  it('is published and stored like any other', async () => {
    const late = openPostgres({ url: pipeline.settings.systems[0]!.databaseUrl, applicationName: 'late', max: 1 });
    await late.transaction(async (sql) => {
      await sql.query(`INSERT INTO orders (product, price, security_check) VALUES ('late', 1, true)`);
      await insert();
      await pipeline.post(0, '/v0/process/run', {});
      await vi.waitFor(async () => {
        expect(await pipeline.get(0, '/v0/process/status')).toMatchObject({ cursor: { status: 'FINISHED' } });
      }, patient);
      expect(await stored()).toBe(0);
    });
    await late.close();
    await pipeline.publishAll(0);
    await books.untilAtRest(TOTAL + 1);
    expect(await books.endput(`SELECT 1 FROM orders WHERE product = 'late'`)).toHaveLength(1);
  });
});
