import { lockToStore, lockToWriteDeadLetters } from '@esteira/dead-letters';
import { migrate, openPostgres, type Postgres } from '@esteira/postgres';
import type { Attempt } from '@esteira/pipeline';
import { freshDatabase, type Fresh } from '@esteira/tests/support';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { messageIds, type Order } from '../src/domain/index.ts';
import { endputMigrations, ordersAtRest, storeOrders, type OrderToStore } from '../src/endput/index.ts';

let database: Fresh;
let endput: Postgres;

beforeAll(async () => {
  database = await freshDatabase('ENDPUT_DATABASE_URL');
  await migrate(database.url, endputMigrations);
  endput = openPostgres({ url: database.url, applicationName: 'test' });
});
afterAll(async () => {
  await endput.close();
  await database.drop();
});
beforeEach(async () => {
  await endput.query('TRUNCATE orders');
});

const idOf = messageIds('system-1');

function toStore(id: number, changes: Partial<Order> = {}): OrderToStore {
  const order: Order = {
    id: String(id),
    product: '2 CDs',
    price: '29.33',
    created_at: '1997-01-01T00:00:00.123456+00:00',
    security_check: true,
    ...changes,
  };
  const attempt: Attempt = {
    pipeline: 'orders',
    messageId: idOf(order.id),
    origin: 'system-1',
    key: order.id,
    incarnation: order.created_at,
    round: 1,
    attempt: 2,
    maxAttempts: 5,
  };
  return { attempt, message: { order } };
}

const store = (orders: readonly OrderToStore[]) => endput.transaction((sql) => storeOrders(sql, orders));
const results = async (orders: readonly OrderToStore[]) =>
  (await store(orders)).map((answer) => ('result' in answer ? answer.result : 'refused'));

describe('storing a batch', () => {
  it('answers for each row: inserted, same for a copy, conflict for another order with its id', async () => {
    expect(await results([toStore(1), toStore(2), toStore(1)])).toEqual(['inserted', 'inserted', 'same']);
    const reused = toStore(2, { created_at: '2020-01-01T00:00:00+00:00' });
    expect(await results([toStore(1), reused, toStore(3)])).toEqual(['same', 'conflict', 'inserted']);
  });

  it('tells twins with different contents of one batch apart', async () => {
    expect(await results([toStore(1), toStore(1, { created_at: '2020-01-01T00:00:00+00:00' })])).toEqual([
      'inserted',
      'conflict',
    ]);
  });

  it('keeps money and microseconds exact', async () => {
    await store([toStore(1, { price: '9999999999.99' })]);
    const [row] = await endput.query('SELECT price, source_created_at, attempts, round FROM orders');
    expect(row).toEqual({
      price: '9999999999.99',
      source_created_at: '1997-01-01 00:00:00.123456+00',
      attempts: 2,
      round: 1,
    });
  });

  it('gives a bad row an answer of its own and stores all others, wherever the bad ones stand', async () => {
    const bad: Partial<Order>[] = [{ product: 'a\0b' }, { price: '99999999999.99' }, { created_at: 'never' }];
    const kinds = fc.array(fc.option(fc.constantFrom(...bad), { nil: undefined, freq: 4 }), {
      minLength: 1,
      maxLength: 20,
    });
    await fc.assert(
      fc.asyncProperty(kinds, async (rows) => {
        await endput.query('TRUNCATE orders');
        const answers = await results(rows.map((changes, index) => toStore(index + 1, changes)));
        expect(answers).toEqual(rows.map((changes) => (changes === undefined ? 'inserted' : 'refused')));
        const [{ count } = { count: '' }] = await endput.query<{ count: string }>('SELECT count(*) FROM orders');
        expect(Number(count)).toBe(rows.filter((changes) => changes === undefined).length);
      }),
      { numRuns: 25 },
    );
  });

  it('stores an order once when two batches with it overlap', async () => {
    const many = Array.from({ length: 200 }, (_, index) => toStore(index + 1));
    const answers = await Promise.all([results(many), results(many.toReversed())]);
    const inserted = answers.flat().filter((answer) => answer === 'inserted');
    expect(inserted).toHaveLength(200);
    expect(answers.flat().filter((answer) => answer === 'same')).toHaveLength(200);
  });

  it('never waits for good when two batches hold the same orders the other way round', async () => {
    await endput.query(`
      CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.02); RETURN new; END';
      CREATE TRIGGER slowly BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION slowly()`);
    onTestFinished(() => endput.query('DROP FUNCTION slowly CASCADE').then(() => undefined));
    const many = Array.from({ length: 20 }, (_, index) => toStore(index + 1));
    const [forth, back] = await Promise.all([results(many), results(many.toReversed())]);
    expect([...forth, ...back].filter((answer) => answer === 'inserted')).toHaveLength(many.length);
  });
});

describe('beside a consumer of an earlier release, which had one lock for the whole database', () => {
  const THEIRS = 1702065253;
  const answers = async (statement: string) =>
    (await endput.query<{ free: boolean }>(`SELECT pg_try_${statement} AS free`))[0]?.free;
  const statementOf = (lock: string) => lock.replace('SELECT pg_', '');

  it('nothing is stored while that one writes dead letters', async () => {
    await endput.transaction(async () => {
      expect(await answers(statementOf(lockToStore(ordersAtRest)))).toBe(false);
    }, `SELECT pg_advisory_xact_lock(${THEIRS})`);
  });

  it('no dead letter is written while that one stores, nor while it writes', async () => {
    for (const theirs of ['pg_advisory_xact_lock_shared', 'pg_advisory_xact_lock']) {
      await endput.transaction(async () => {
        expect(await answers(statementOf(lockToWriteDeadLetters(ordersAtRest)))).toBe(false);
      }, `SELECT ${theirs}(${THEIRS})`);
    }
  });
});
