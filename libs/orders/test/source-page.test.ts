import { createHash } from 'node:crypto';
import { patient } from '@esteira/tests/patience';
import fc from 'fast-check';
import type { OrderMessage } from '@esteira/orders/domain';
import { BEFORE_ALL, pageStatement } from '@esteira/postgres-source';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { orderRows, ordersTable, republishedOrders } from '../src/source/index.ts';
import { insertOne, open, ownSource, readAll, type OwnSource } from './source-support.ts';

let own: OwnSource;
beforeAll(async () => {
  own = await ownSource('ENDPUT_DATABASE_URL');
});
afterAll(() => own.drop());
beforeEach(() => own.postgres.query('truncate orders restart identity'));

/** Waits until nothing on the server, of other tests too, holds the watermark below what is committed. */
const allIsSafe = (count: number) =>
  vi.waitFor(async () => {
    expect((await readAll(own.source, undefined, 1_000)).ids).toHaveLength(count);
  }, patient);

const insert = (count: number) =>
  own.postgres.query(
    `insert into orders (product, price, security_check) select 'p', 1, true from generate_series(1, $1::int)`,
    [count],
  );

describe('a page', () => {
  it('says what Postgres has, to the cent and the microsecond, blank products and zero prices too', async () => {
    await own.postgres.query(
      `insert into orders (id, product, price, security_check, created_at) values
         (9007199254740993, ' "ü" ', 9999999999.99, true, '1997-01-01 02:00:00.123456+02'), (2, '', 0, false, '2026-01-01 00:00Z')`,
    );
    await allIsSafe(2);
    const { messages, last } = await own.source.next(undefined, 10, { maxAttempts: 3 });
    const bodies = messages.map(({ body }) => JSON.parse(String(body)) as OrderMessage);
    expect(bodies.map(({ order }) => order)).toEqual([
      { id: '2', product: '', price: '0.00', created_at: '2026-01-01T00:00:00+00:00', security_check: false },
      {
        id: '9007199254740993',
        product: ' "ü" ',
        price: '9999999999.99',
        created_at: '1997-01-01T00:00:00.123456+00:00',
        security_check: true,
      },
    ]);
    expect(last?.id).toBe('9007199254740993');
    expect(bodies[0]).toMatchObject({
      processing: { max_attempts: 3 },
      origin: { system: 'system-1', schema: 'public' },
    });
  });

  it('has the bytes that the same orders have when they are published again, whatever text they hold', async () => {
    const texts = fc.sample(fc.string({ unit: 'binary', maxLength: 30 }), { numRuns: 300, seed: 7 });
    const products = [...texts, '\n', ' f {"id":"1"}\n2 t {}', '\u2028\u007f\b\f\r\t\u001f', '"\\/', '🙂'];
    await own.postgres.query(
      `insert into orders (product, price, security_check) select p, 1, length(p) % 2 = 0 from unnest($1::text[]) as p`,
      [products.map((text) => text.replaceAll('\0', '').toWellFormed())],
    );
    await allIsSafe(products.length);
    const { messages } = await own.source.next(undefined, 1_000, { maxAttempts: 5 });
    const ids = messages.map(({ body }) => (JSON.parse(String(body)) as OrderMessage).order.id);
    const rows = ids.map((id) => ({ id, round: 1 }));
    const again = await republishedOrders(own.postgres, 'system-1', rows, 5);
    expect(messages.map(({ body }) => String(body))).toEqual(again.map(({ message }) => String(message.body)));
    expect(messages).toHaveLength(products.length);
  });

  it('is the same bytes when it is read again', async () => {
    await insert(50);
    await allIsSafe(50);
    const digest = async () => {
      const { messages } = await own.source.next(undefined, 100, { maxAttempts: 5 });
      return createHash('sha256')
        .update(Buffer.concat(messages.map(({ body }) => body)))
        .digest('hex');
    };
    expect(await digest()).toBe(await digest());
  });
});

describe('the stamp', () => {
  const stamps = () => own.postgres.query<{ ok: boolean }>(`select transaction_id::xid = xmin as ok from orders`);

  it('is that of the transaction, whatever COPY or a restore brings along', async () => {
    const before = await own.postgres.query<{ x: string }>('select pg_current_xact_id()::text as x');
    await own.postgres.query(
      `copy orders (id, product, price, security_check, transaction_id) from program 'printf "7\\tp\\t1\\tt\\t3\\n8\\tp\\t1\\tt\\t99999999\\n"'`,
    );
    const replica = await open(own.postgres);
    await replica.query(`set local session_replication_role = replica`);
    await replica.query(
      `insert into orders (product, price, security_check, transaction_id) values ('p', 1, true, '3')`,
    );
    await replica.end();
    expect(await stamps()).toEqual([{ ok: true }, { ok: true }, { ok: true }]);
    await allIsSafe(3);
    expect((await readAll(own.source, { transactionId: before[0]?.x ?? '', id: '0' }, 10)).ids).toHaveLength(3);
  });

  it('never changes', async () => {
    await insert(2);
    const stamp = () => own.postgres.query('select id, transaction_id from orders order by id');
    const before = await stamp();
    await own.postgres.query(`update orders set price = 2, transaction_id = '3'`);
    expect(await stamp()).toEqual(before);
  });

  it('of a subtransaction is that of the whole', async () => {
    const outer = await open(own.postgres);
    const [first] = await outer.query<{ transaction_id: string }>(insertOne);
    await outer.query('savepoint a');
    const [second] = await outer.query<{ transaction_id: string }>(insertOne);
    await outer.query('rollback to savepoint a');
    await outer.query('savepoint b');
    const [third] = await outer.query<{ transaction_id: string }>(insertOne);
    await outer.end();
    expect(new Set([first, second, third].map((row) => row?.transaction_id)).size).toBe(1);
    await allIsSafe(2);
  });
});

describe('the statement of a page', () => {
  interface Plan {
    'Node Type': string;
    'Index Name'?: string;
    'Relation Name'?: string;
    'Actual Rows': number;
    Plans?: Plan[];
  }
  const nodes = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodes)];

  it('reads its rows from the index and no others, wherever the cursor stands, analyzed or not', async () => {
    for (let i = 0; i < 10; i++) await insert(10_000);
    const [middle] = await own.postgres.query<{ transactionId: string; id: string }>(
      `select transaction_id::text as "transactionId", id::text as id from orders where id = 55555`,
    );
    for (const after of [BEFORE_ALL, middle ?? BEFORE_ALL, 'analyze', BEFORE_ALL, middle ?? BEFORE_ALL] as const) {
      if (after === 'analyze') {
        await own.postgres.query('vacuum analyze orders');
        continue;
      }
      const [answer] = await own.postgres.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
        `explain (analyze, format json) ${pageStatement(ordersTable, orderRows(ordersTable))}`,
        [after.transactionId, after.id, 1_000],
      );
      const onOrders = nodes(answer?.['QUERY PLAN'][0].Plan as Plan).filter(
        (node) => node['Relation Name'] === 'orders',
      );
      expect(onOrders.map((node) => node['Index Name'])).toEqual(['orders_transaction_id_id']);
      expect(onOrders[0]?.['Actual Rows']).toBeLessThanOrEqual(1_000);
    }
  });
});
