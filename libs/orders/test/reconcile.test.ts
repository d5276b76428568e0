import { randomBytes } from 'node:crypto';
import { deadLetterMigrations } from '@esteira/dead-letters';
import { migrate, openPostgres, type Postgres } from '@esteira/postgres';
import { reconcile, type Position, type UnrestedRow } from '@esteira/reconciliation';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { messageIds, orderMessages, type OrderMessage } from '../src/domain/index.ts';
import { endputMigrations, endputReader } from '../src/endput/index.ts';
import { ordersToReconcile } from '../src/reconciliation/index.ts';
import { republishedOrders, sourceMigrations, sourceReader } from '../src/source/index.ts';

const SYSTEM = 'system-1';
const database = `t_${randomBytes(4).toString('hex')}`;
let admins: Postgres[] = [];
let source: Postgres;
let endput: Postgres;

async function freshDatabase(url: string): Promise<{ admin: Postgres; postgres: Postgres; url: string }> {
  const admin = openPostgres({ url, applicationName: 'test', max: 1 });
  await admin.query(`create database ${database}`);
  const own = new URL(url);
  own.pathname = database;
  return { admin, postgres: openPostgres({ url: own.href, applicationName: 'test' }), url: own.href };
}

beforeAll(async () => {
  const env = inject('env');
  const [from, to] = await Promise.all([
    freshDatabase(env['SYSTEM1_DATABASE_URL'] ?? ''),
    freshDatabase(env['ENDPUT_DATABASE_URL'] ?? ''),
  ]);
  admins = [from.admin, to.admin];
  source = from.postgres;
  endput = to.postgres;
  await Promise.all([
    migrate(from.url, sourceMigrations),
    migrate(to.url, endputMigrations).then(() => migrate(to.url, deadLetterMigrations)),
  ]);
});

afterAll(async () => {
  await Promise.all([source.close(), endput.close()]);
  await Promise.all(admins.map((admin) => admin.query(`drop database ${database} with (force)`)));
  await Promise.all(admins.map((admin) => admin.close()));
});

beforeEach(async () => {
  await source.query('truncate orders restart identity');
  await endput.query('truncate orders, dead_letters');
});

const idOf = messageIds(SYSTEM);

async function insert(count: number): Promise<void> {
  await source.query(
    `insert into orders (product, price, security_check, created_at)
     select 'A "quoted" ' || i || ' é', i * 0.05, i % 2 = 0, timestamptz '1997-01-01 00:00:00.123456+02' + i * interval '1 s'
       from generate_series(1, $1::int) as i`,
    [count],
  );
}

/** Stores rows of the source as the consumer would: what it gets are the texts of the message. */
async function store(ids: readonly string[], attempts = 2): Promise<void> {
  const messages = await republishedOrders(
    source,
    SYSTEM,
    ids.map((id) => ({ id, round: 1 })),
    5,
  );
  const orders = messages.map(
    ({ message }) => (JSON.parse(Buffer.from(message.body).toString()) as OrderMessage).order,
  );
  await endput.query(
    `insert into orders (message_id, system, source_id, product, price, security_check, source_created_at, round, attempts)
     select m, $1, s, p, c, k, t, 1, $2
       from unnest($3::uuid[], $4::bigint[], $5::text[], $6::numeric[], $7::boolean[], $8::timestamptz[])
         as o (m, s, p, c, k, t)`,
    [
      SYSTEM,
      attempts,
      orders.map(({ id }) => idOf(id)),
      orders.map(({ id }) => id),
      orders.map(({ product }) => product),
      orders.map(({ price }) => price),
      orders.map(({ security_check }) => security_check),
      orders.map(({ created_at }) => created_at),
    ],
  );
}

async function bury(
  id: string,
  state: string,
  { round = 1, reason = 'attempts-exhausted', messageId = idOf(id) } = {},
) {
  await endput.query(
    `insert into dead_letters (message_id, pipeline, origin, key, state, round, attempts, reason, error, body,
                               headers, first_attempt_at, dead_at)
     values ($1, 'orders', $2, $3, $4, $5, '[{}, {}, {}]', $6, '{"code":"c","message":"m"}', '', '{}', now(), now())`,
    [messageId, SYSTEM, id, state, round, reason],
  );
}

const ids = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, i) => String(from + i));

async function lastPosition(id: string): Promise<Position> {
  const [row] = await source.query<Position>(
    'select transaction_id as "transactionId", id from orders where id = $1::bigint',
    [id],
  );
  return row ?? { transactionId: '0', id: '0' };
}

async function reconciled(cursor: Position | undefined, inBroker = 0) {
  const rows: UnrestedRow[] = [];
  const result = await reconcile({
    systems: [
      {
        system: SYSTEM,
        source: sourceReader(source),
        endput: endputReader(endput, SYSTEM),
        cursor: () => Promise.resolve(cursor),
      },
    ],
    ...{ longestWaitMs: 0, maxAttempts: 5 },
    inFlight: () => Promise.resolve({ queued: inBroker, waiting: 0 }),
    pause: () => Promise.resolve(),
    onRow: (row) => rows.push(row),
    pageSize: 7,
  });
  return { report: result.systems[0], rows };
}

describe('orders, reconciled on real tables', () => {
  it('finds every class, row by row', async () => {
    await insert(50);
    await store(ids(1, 20));
    await bury('21', 'dead');
    await bury('22', 'discarded');
    await bury('23', 'redriven', { round: 2 });
    await endput.query(`update orders set price = price + 1 where source_id = 5`);
    await endput.query(`insert into orders values ($1, $2, 99, 'gone', 1, true, now(), 1, 1, now())`, [
      idOf('99'),
      SYSTEM,
    ]);

    const { report, rows } = await reconciled(await lastPosition('30'));
    expect(report).toMatchObject({
      rows: 50,
      attempts: 20 * 2 + 3 * 3 + 1,
      classes: { stored: 19, dead: 1, discarded: 1, missing: 8, 'not-yet-published': 20, orphan: 1, differs: 1 },
    });
    const of = (found: string) => rows.filter((row) => row.class === found).map(({ id }) => id);
    expect(of('missing')).toEqual(ids(23, 30));
    expect(of('orphan')).toEqual(['99']);
    expect(of('differs')).toEqual(['5']);
    expect(of('not-yet-published')).toEqual(ids(31, 50));
    expect(rows.find(({ id }) => id === '23')?.round).toBe(2);
  });

  it('finds equal what went over the wire as text: quotes, accents, cents and microseconds', async () => {
    await insert(30);
    await store(ids(1, 30));
    const { report, rows } = await reconciled(undefined);
    expect(rows).toEqual([]);
    expect(report?.classes.stored).toBe(30);
  });

  it('counts an order whose id was used before as dead, not as different', async () => {
    await insert(1);
    await store(['1']);
    await source.query(`update orders set created_at = now()`);
    await bury('1', 'dead', { reason: 'identity-conflict', messageId: '00000000-0000-8000-8000-000000000001' });
    const { report } = await reconciled(undefined);
    expect(report?.classes).toMatchObject({ dead: 1, differs: 0, orphan: 0 });
  });

  it('makes the message of a missing row again: the same bytes, in the round of its redrive', async () => {
    await insert(3);
    const [made, ...others] = await republishedOrders(
      source,
      SYSTEM,
      [
        { id: '2', round: 4 },
        { id: '77', round: 1 },
      ],
      5,
    );
    expect(others).toEqual([]);
    const first = orderMessages({ system: SYSTEM, database, schema: 'public', table: 'orders' });
    const order = {
      id: '2',
      product: 'A "quoted" 2 é',
      price: '0.10',
      created_at: '1996-12-31T22:00:02.123456+00:00',
      security_check: true,
    };
    expect(made).toEqual({ row: { id: '2', round: 4 }, message: first(order, { maxAttempts: 5, round: 4 }) });
  });
});

it('what waits for RabbitMQ to count again ends when it is stopped', async () => {
  const nowhere = { endput, management: undefined as never, attemptLog: undefined as never };
  const { pause } = ordersToReconcile({ systems: [], ...nowhere, journeys: { longestDelayMs: 0, maxAttempts: 5 } });
  await expect(pause(AbortSignal.abort())).rejects.toThrow('aborted');
});
