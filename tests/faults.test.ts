import { openPostgres } from '@esteira/postgres';
import { openBooks, startPipeline, type Books, type Pipeline } from '@esteira/tests/support';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const MAX_ATTEMPTS = 5;
const patient = { timeout: 40_000, interval: 50 };

let pipeline: Pipeline;
let books: Books;

beforeEach(async () => {
  pipeline = await startPipeline({ systems: 1, consumers: 2 });
  books = await openBooks(pipeline.settings);
});

afterEach(async () => {
  await books.close();
  await pipeline.stop();
});

const rows = { positive_inserts: 6_000, negative_inserts: 500 };
const TOTAL = 6_500;

async function insert(): Promise<void> {
  expect((await pipeline.post(0, '/v0/insert-data', rows)).status).toBe(201);
}
const run = () => pipeline.post(0, '/v0/process/run', {});

/** Publishes what is left; an interrupted run may be started again once its lease is over. */
async function runUntilPublished(): Promise<void> {
  await vi.waitFor(async () => {
    const { status } = await run();
    expect([202, 409]).toContain(status);
    expect(await pipeline.get(0, '/v0/process/status')).toMatchObject({ behind: { rows: 0 } });
  }, patient);
}

/** Exactly the numbers of a run without faults: no attempt was spent by one. */
async function expectExactNumbers(): Promise<void> {
  const counts = await books.untilAtRest(TOTAL, 90_000);
  const attempts = await books.attemptsAsked(MAX_ATTEMPTS);
  expect(counts).toEqual({ stored: 6_000, dead: 500, attempts, logged: attempts });
}

const stored = async () => (await books.counts()).stored;
const untilStored = (atLeast: number) =>
  vi.waitFor(async () => {
    expect(await stored()).toBeGreaterThanOrEqual(atLeast);
  }, patient);

describe('a process that is killed', () => {
  it('as a consumer in mid-batch costs no order and no attempt', async () => {
    await insert();
    await run();
    for (const [index, atLeast] of [200, 1_500, 3_000].entries()) {
      await untilStored(atLeast);
      const consumer = pipeline.consumers[index % 2]!;
      await consumer.end('SIGKILL');
      await consumer.start();
    }
    await runUntilPublished();
    await expectExactNumbers();
  }, 120_000);

  it('as the API in mid-run costs no order: the run goes on where its cursor was', async () => {
    await insert();
    await run();
    await untilStored(1);
    await pipeline.apis[0]!.end('SIGKILL');
    await pipeline.apis[0]!.start();
    await runUntilPublished();
    await expectExactNumbers();
  }, 120_000);
});

describe('a process that is asked to stop', () => {
  it('finishes what is in flight, exits 0, and the rest goes on with the others', async () => {
    await insert();
    await run();
    await untilStored(300);
    expect(await pipeline.consumers[0]!.end('SIGTERM')).toBe(0);
    await untilStored(1_500);
    expect(await pipeline.consumers[1]!.end('SIGTERM')).toBe(0);
    expect(await pipeline.apis[0]!.end('SIGTERM')).toBe(0);
    await Promise.all([...pipeline.consumers, ...pipeline.apis].map((app) => app.start()));
    await runUntilPublished();
    await expectExactNumbers();
  }, 120_000);
});

describe('a row that commits late with a lower id', () => {
  it('is published and stored like any other', async () => {
    const late = openPostgres({ url: pipeline.settings.systems[0]!.databaseUrl, applicationName: 'late', max: 1 });
    const { promise: committed, resolve: commit } = Promise.withResolvers<undefined>();
    const transaction = late.transaction(async (sql) => {
      await sql.query(`INSERT INTO orders (product, price, security_check) VALUES ('late', 1, true)`);
      await committed;
    });
    await insert();
    await run();
    await vi.waitFor(async () => {
      expect(await pipeline.get(0, '/v0/process/status')).toMatchObject({ cursor: { status: 'FINISHED' } });
    }, patient);
    commit(undefined);
    await transaction;
    await late.close();
    await runUntilPublished();
    await books.untilAtRest(TOTAL + 1, 90_000);
    expect(await books.endput(`SELECT 1 FROM orders WHERE product = 'late'`)).toHaveLength(1);
  }, 120_000);
});
