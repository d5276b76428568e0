import { randomBytes } from 'node:crypto';
import { openPostgres, type Postgres } from '@esteira/postgres';
import {
  checkOwnTable,
  planPreparation,
  prepareSource,
  rowsBehind,
  SourceNotReady,
  type PrepareOptions,
} from '@esteira/postgres-source';
import type { OrderMessage } from '@esteira/orders/domain';
import { UnpublishableRow } from '@esteira/relay';
import { patient } from '@esteira/tests/patience';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { ordersSource, ownTable, sourceReader, sourceTable } from '../src/source/index.ts';
import { open, readAll } from './source-support.ts';

/** A shop's table: other names, other types, an identity that is no identity column. */
const SHOP = `
  create schema shop;
  create table shop."Purchases" (
    order_no integer primary key,
    title varchar(200),
    amount double precision,
    placed_at timestamp,
    approved char(1),
    transaction_id text,
    updated_at timestamptz
  );
  create sequence shop.order_no owned by shop."Purchases".order_no;
  alter table shop."Purchases" alter column order_no set default nextval('shop.order_no')`;

const names = {
  schema: 'shop',
  name: 'Purchases',
  columns: {
    id: 'order_no',
    product: 'title',
    price: 'amount',
    createdAt: 'placed_at',
    securityCheck: 'approved',
    transactionId: 'esteira_tx',
  },
};
const SYSTEM = 'system-3';
const table = sourceTable(names);
const quiet = { step: () => undefined, stamped: () => undefined, waiting: () => undefined };

/** The owner's pool, and one of a role that has no right to anything. */
let owner: Postgres;
let reader: Postgres;
let options: PrepareOptions;
let admin: Postgres;
const database = `t_${randomBytes(6).toString('hex')}`;
const role = `r_${randomBytes(6).toString('hex')}`;

beforeAll(async () => {
  const server = inject('env')['ENDPUT_DATABASE_URL'] ?? '';
  admin = openPostgres({ url: server, applicationName: 'own table test', max: 2 });
  await admin.query(`create database ${database}`);
  await admin.query(`create role ${role} login password 'reader'`);
  const url = new URL(server);
  url.pathname = database;
  owner = openPostgres({ url: url.href, applicationName: 'own table test', max: 16, queryTimeoutMs: 0 });
  url.username = role;
  url.password = 'reader';
  reader = openPostgres({ url: url.href, applicationName: 'own table reader', max: 4 });
  options = { system: SYSTEM, names: ownTable(names), role };
});
afterAll(async () => {
  await Promise.all([owner.close(), reader.close()]);
  await admin.query(`drop database ${database} with (force)`);
  await admin.query(`drop role ${role}`);
  await admin.close();
});
beforeEach(async () => {
  await owner.query('drop schema if exists shop cascade');
  await owner.query(SHOP);
});

const insert = (rows: number, sql: Pick<Postgres, 'query'> = owner) =>
  sql.query(
    `insert into shop."Purchases" (title, amount, placed_at, approved)
     select 'Tea ' || i, 1.25, '2026-01-02 03:04:05.123456', 'Y' from generate_series(1, $1::int) as i`,
    [rows],
  );
const allIds = async () =>
  (await owner.query<{ id: number }>('select order_no as id from shop."Purchases" order by 1')).map(({ id }) => id);
const unfinished = async () =>
  (await planPreparation(owner, options)).steps.filter(({ done }) => !done).map(({ name }) => name);

/** Reads everything as the API does, with the least rights, until no row is behind. */
async function readEverything(): Promise<number[]> {
  return vi.waitFor(async () => {
    const { ids, last } = await readAll(ordersSource(reader, { system: SYSTEM, table }), undefined, 7);
    expect(await rowsBehind(reader, table, last)).toEqual({ rows: 0, more: false });
    return ids.toSorted((a, b) => a - b);
  }, patient);
}

describe('a table that is not prepared', () => {
  it('is refused with everything that is missing and the command that adds it, and nothing of it is changed', async () => {
    await insert(3);
    const check = checkOwnTable(reader, SYSTEM, ownTable(names));
    await expect(check).rejects.toThrow(SourceNotReady);
    await expect(check).rejects.toThrow(
      /^system-3: "shop"."Purchases" can't be read as it is:\n.*column esteira_tx xid8 is missing\n.*trigger.*missing\n.*index on \(esteira_tx, order_no\) is missing\n.*no USAGE on schema shop\n.*prepare-source --system system-3 --dry-run/s,
    );
    const { steps } = await planPreparation(owner, options);
    expect(steps.map(({ name, done }) => [name, done])).toEqual(
      ['stamp', 'backfill', 'index', 'not-null', 'grants'].map((name) => [name, false]),
    );
    expect(await owner.query('select * from shop."Purchases" limit 1')).toEqual([
      expect.not.objectContaining({ esteira_tx: expect.anything() as unknown }),
    ]);
  });

  it.each([
    ['is not there', {}, { name: 'purchases' }, /there is no such table/],
    [
      'is a view',
      { sql: 'create view shop.v as select 1 as order_no' },
      { name: 'v' },
      /a view; only an ordinary table/,
    ],
    ['has no such column', {}, { columns: { ...names.columns, product: 'titel' } }, /no column titel/],
    ['has an id of text', {}, { columns: { ...names.columns, id: 'title' } }, /title is character varying; an id is/],
    [
      'has an id that is not unique',
      { sql: 'alter table shop."Purchases" drop constraint "Purchases_pkey"' },
      {},
      /order_no is not unique/,
    ],
    [
      'has a column of that name that is something else',
      {},
      { columns: { ...names.columns, transactionId: 'transaction_id' } },
      /transaction_id is text and something else: name another/,
    ],
    [
      'is a partition',
      {
        sql: `create table shop.parent (order_no int not null, placed_at timestamp) partition by range (order_no);
          create table shop.leaf partition of shop.parent (primary key (order_no)) for values from (0) to (9)`,
      },
      { name: 'leaf' },
      /a partition of shop.parent: Postgres adds no column to one partition alone/,
    ],
    [
      'is a typed table',
      {
        sql: `create type shop.purchase as (order_no int, title text, amount numeric, placed_at timestamp, approved bool);
          create table shop.typed of shop.purchase (primary key (order_no))`,
      },
      { name: 'typed' },
      /typed table \(OF shop.purchase\), to which Postgres adds no column: ALTER TABLE … NOT OF/,
    ],
    ['is unlogged', { sql: 'alter table shop."Purchases" set unlogged' }, {}, /it is unlogged: .*SET LOGGED/],
    [
      'is a foreign table',
      {
        sql: `create extension if not exists file_fdw; create server if not exists files foreign data wrapper file_fdw;
          create foreign table shop.abroad (order_no int) server files options (filename '/dev/null')`,
      },
      { name: 'abroad' },
      /it is a foreign table; only an ordinary table/,
    ],
    [
      'is a materialized view',
      { sql: 'create materialized view shop.mv as select 1 as order_no' },
      { name: 'mv' },
      /it is a materialized view; only/,
    ],
    ['has heirs', { sql: 'create table shop.heir () inherits (shop."Purchases")' }, {}, /tables inherit from it/],
    [
      'has a deferrable key',
      {
        sql: `alter table shop."Purchases" drop constraint "Purchases_pkey", add primary key (order_no) deferrable`,
      },
      {},
      /order_no is unique by a deferrable key alone: .*without DEFERRABLE, or add a unique index/,
    ],
    [
      'has a key that covers not every row',
      {
        sql: `alter table shop."Purchases" drop constraint "Purchases_pkey";
          create unique index on shop."Purchases" (order_no) where order_no > 5`,
      },
      {},
      /order_no is unique by a partial index alone/,
    ],
    [
      'has a unique id that may be null',
      {
        sql: `alter table shop."Purchases" drop constraint "Purchases_pkey", alter column order_no drop not null;
          create unique index on shop."Purchases" (order_no)`,
      },
      {},
      /order_no may be null: .*SET NOT NULL/,
    ],
    [
      'has a price of a domain over money',
      {
        sql: `create domain shop.dollars as money; alter table shop."Purchases" alter column amount type shop.dollars using null`,
      },
      {},
      /amount is shop.dollars \(a domain over money\), whose text depends on the locale; use numeric/,
    ],
    [
      'has a generated column for its stamp',
      { sql: `alter table shop."Purchases" add column esteira_tx xid8 generated always as (null) stored` },
      {},
      /esteira_tx is a generated column: no trigger can stamp it/,
    ],
    [
      'has a function beside it of the name that ours would have',
      {
        sql: `create function shop."Purchases_esteira_stamp"() returns trigger language plpgsql as 'begin return new; end'`,
      },
      {},
      /shop has a function Purchases_esteira_stamp\(\) that is not Esteira's: rename it/,
    ],
    ['has negative ids', { sql: `insert into shop."Purchases" (order_no) values (-1)` }, {}, /ids are below 0/],
  ] as const)('and %s can not be prepared', async (_, { sql = 'select' }: { sql?: string }, change, message) => {
    await owner.query(sql);
    await expect(planPreparation(owner, { ...options, names: ownTable({ ...names, ...change }) })).rejects.toThrow(
      message,
    );
  });
});

describe('preparing', () => {
  it('makes a table readable by a role with the least rights, and is done when it is done again', async () => {
    await insert(25);
    const steps: string[] = [];
    await prepareSource(owner, options, { ...quiet, step: ({ name }) => steps.push(name) }, { batchRows: 10 });
    expect(steps).toEqual(['stamp', 'backfill', 'index', 'not-null', 'grants']);
    expect(await unfinished()).toEqual([]);
    await checkOwnTable(reader, SYSTEM, ownTable(names));
    expect(await readEverything()).toEqual(await allIds());
    await expect(reader.query('select updated_at from shop."Purchases"')).rejects.toThrow(/permission denied/);
    steps.length = 0;
    await prepareSource(owner, options, { ...quiet, step: ({ name }) => steps.push(name) });
    expect(steps).toEqual([]);
  });

  it('beside writers loses and doubles no row, whatever transaction it was inserted by', async () => {
    await insert(2_000);
    // Began before the trigger was there, has an old id, and inserts after it.
    const old = await open(owner);
    await old.query('create temp table mark on commit drop as select pg_current_xact_id()');
    const snapshot = await open(owner);
    await snapshot.query('set transaction isolation level repeatable read');
    await snapshot.query('select count(*) from pg_class');
    // Uses the table already: the first step has to wait for it.
    const user = await open(owner);
    await insert(5, user);

    const writing = { over: false };
    const writers = Array.from({ length: 3 }, async (_, writer) => {
      for (let i = 0; !writing.over; i++) {
        const transaction = await open(owner);
        await insert(3, transaction);
        await transaction.query(
          `update shop."Purchases" set updated_at = now() where order_no = 1 + ($1::int * 7919 + $2::int) % 2000`,
          [i, writer],
        );
        await transaction.end(i % 5 === 0 ? 'rollback' : undefined);
      }
    });
    const waits: string[] = [];
    const prepared = prepareSource(
      owner,
      options,
      {
        ...quiet,
        waiting: (holders) => waits.push(holders),
        step: ({ name }) => {
          if (name !== 'backfill') return;
          void insert(4, old).then(() => old.end());
          void insert(4, snapshot).then(() => snapshot.end());
        },
      },
      { batchRows: 100 },
    );
    await vi.waitFor(() => {
      expect(waits.join()).toMatch(/pid \d+ \(own table test, open for \d+ s\)/);
    }, patient);
    await user.end();
    await prepared;
    writing.over = true;
    await Promise.all(writers);
    expect(await unfinished()).toEqual([]);
    const ids = await allIds();
    expect(ids.length).toBeGreaterThan(2_013);
    expect(await readEverything()).toEqual(ids);
  });

  it('goes on where it was broken off, and mends what an attempt left behind', async () => {
    await insert(50);
    const broken = prepareSource(
      owner,
      options,
      {
        ...quiet,
        stamped: () => {
          throw new Error('broken off');
        },
      },
      { batchRows: 10 },
    );
    await expect(broken).rejects.toThrow('broken off');
    expect(await unfinished()).toContain('backfill');
    // An index that could not be finished, and a trigger that pg_restore --disable-triggers enabled again.
    await owner.query(`create index "Purchases_esteira_position" on shop."Purchases" (esteira_tx, order_no)`);
    await owner.query(
      `update pg_index set indisvalid = false where indexrelid = 'shop."Purchases_esteira_position"'::regclass`,
    );
    await owner.query('alter table shop."Purchases" enable trigger zz_esteira_stamp');
    await insert(5);
    await prepareSource(owner, options, quiet);
    expect(await unfinished()).toEqual([]);
    expect(await readEverything()).toHaveLength(55);
  });

  it('says so when a trigger of the table undoes the stamps, and stamps without triggers when asked to', async () => {
    await insert(5);
    await owner.query(`
      create function shop.nothing() returns trigger language plpgsql as $$ begin return null; end $$;
      create trigger frozen before update on shop."Purchases" for each row execute function shop.nothing()`);
    expect((await planPreparation(owner, options)).facts.updateTriggers).toEqual(['frozen']);
    await expect(prepareSource(owner, options, quiet)).rejects.toThrow(/--silence-triggers/);
    await prepareSource(owner, options, quiet, { silenceTriggers: true });
    expect(await readEverything()).toHaveLength(5);
  });
});

/** What docs/own-table.md gives for rows that were restored from a dump. */
const RESTAMP = `
  alter table shop."Purchases" disable trigger zz_esteira_stamp;
  alter table shop."Purchases" alter column esteira_tx drop not null;
  update shop."Purchases" set esteira_tx = null`;

describe('a table whose ids, prices and times are of domains', () => {
  it('is prepared and read like any other, also where columns are generated', async () => {
    await owner.query(`
      create domain shop.number as int check (value > 0);
      create domain shop.moment as timestamp;
      alter table shop."Purchases" alter column order_no type shop.number, alter column placed_at type shop.moment,
        drop column amount, add column cents int default 125,
        add column amount numeric generated always as (cents / 100.0) stored`);
    await owner.query(
      `insert into shop."Purchases" (title, placed_at) select 'Tea', '2026-01-02' from generate_series(1, 9)`,
    );
    await prepareSource(owner, options, quiet);
    await checkOwnTable(reader, SYSTEM, ownTable(names));
    expect(await readEverything()).toHaveLength(9);
  });

  it('is refused by a role that does not own it, and for a role that is not there, before anything is changed', async () => {
    await owner.query(`grant usage on schema shop to ${role}; grant select on shop."Purchases" to ${role}`);
    await expect(prepareSource(reader, options, quiet)).rejects.toThrow(
      /does not own shop.Purchases.*OWNER_DATABASE_URL/,
    );
    await expect(planPreparation(owner, { ...options, role: 'nobody_here' })).rejects.toThrow(
      /there is no role nobody_here, which the API is to connect as: create it first/,
    );
    expect(await unfinished()).toHaveLength(5);
  });
});

describe('a prepared table', () => {
  beforeEach(() => prepareSource(owner, options, quiet));

  it('stamps whatever a statement says, in replica role too, and no stamp ever changes', async () => {
    const [row] = await owner.query<{ stamp: string; now: string }>(
      `insert into shop."Purchases" (title, esteira_tx) values ('a', '3')
       returning esteira_tx::text as stamp, pg_current_xact_id()::text as now`,
    );
    expect(row?.stamp).toBe(row?.now);
    await owner.transaction(async (sql) => {
      await sql.query(`insert into shop."Purchases" (title, esteira_tx) values ('b', '9999999')`);
    }, `set local session_replication_role = replica`);
    await owner.query(`update shop."Purchases" set esteira_tx = '3', title = title || '!'`);
    const stamps = await owner.query<{ title: string; ok: boolean }>(
      `select title, esteira_tx > '3' and esteira_tx < '9999999' as ok from shop."Purchases" order by order_no`,
    );
    expect(stamps).toEqual([
      { title: 'a!', ok: true },
      { title: 'b!', ok: true },
    ]);
  });

  it('is read as orders, whatever its types are: what does not fit travels as it is', async () => {
    await owner.query(`
      insert into shop."Purchases" (order_no, title, amount, placed_at, approved) values
        (1, 'Tea', 29.33, '2026-01-02 03:04:05.123456', 'Y'), (2, null, 5, '2026-01-02', null),
        (3, 'Odd', 1.234, '2026-01-02', 'N'), (4, repeat('x', 150), 'NaN', null, ' '), (5, 'Void', null, '2026-01-02', 't')`);
    await owner.query(`alter table shop."Purchases" alter column title type text`);
    await owner.query(`update shop."Purchases" set title = repeat('x', 200000) where order_no = 4`);
    expect(await readEverything()).toEqual([1, 2, 3, 4, 5]);
    const { messages } = await ordersSource(reader, { system: SYSTEM, table }).next(undefined, 10, { maxAttempts: 5 });
    const orders = messages.map(({ body }) => (JSON.parse(String(body)) as OrderMessage).order);
    expect(orders).toEqual([
      { id: '1', product: 'Tea', price: '29.33', created_at: '2026-01-02T03:04:05.123456+00:00', security_check: true },
      { id: '2', product: '', price: '5.00', created_at: '2026-01-02T00:00:00+00:00', security_check: false },
      expect.objectContaining({ id: '3', price: '1.234', security_check: false }),
      expect.objectContaining({ id: '4', price: 'NaN', created_at: null }),
      expect.objectContaining({ id: '5', price: null, security_check: true }),
    ]);
    expect(orders[3]?.product).toMatch(/^x{16000} … \(cut: 200000 bytes\)$/);
    expect(JSON.parse(String(messages[0]?.body))).toMatchObject({ origin: { schema: 'shop', table: 'Purchases' } });
    const [first] = await sourceReader(reader, table).page(undefined, 1);
    expect(first).toMatchObject({ id: '1', content: '["Tea", 29.33, true, "2026-01-02T03:04:05.123456+00:00"]' });
  });

  it('is read by its index, also where the id is an integer', async () => {
    await insert(5_000);
    await owner.query('analyze shop."Purchases"');
    const { ids, last } = await readAll(ordersSource(reader, { system: SYSTEM, table }), undefined, 1_000);
    expect(ids.length).toBeLessThanOrEqual(5_000);
    const plan = await owner.query<{ 'QUERY PLAN': string }>(
      `explain select from ${table.table} where (${table.transactionId}, ${table.id}) > ($1::xid8, $2::bigint)
       order by ${table.transactionId}, ${table.id} limit 10`,
      [last?.transactionId ?? '0', last?.id ?? '0'],
    );
    expect(plan.map((line) => line['QUERY PLAN']).join('\n')).toMatch(/Purchases_esteira_position/);
  });

  it('gets a row with an id below 0 later: it is named, and nothing is left out', async () => {
    await insert(2);
    await owner.query('insert into shop."Purchases" (order_no, title) values (-5, \'Tea\')');
    const source = ordersSource(reader, { system: SYSTEM, table });
    await vi.waitFor(() => expect(readAll(source, undefined, 7)).rejects.toThrow(UnpublishableRow), patient);
    await expect(readAll(source, undefined, 7)).rejects.toThrow(
      /^system-3: the row with id -5 of "shop"."Purchases" can't be published.*Give it another id, or remove it$/,
    );
    await owner.query('update shop."Purchases" set order_no = 5 where order_no = -5');
    expect(await readEverything()).toEqual([1, 2, 5]);
  });

  it('is refused on a server before PostgreSQL 15', async () => {
    const older: Pick<Postgres, 'query'> = {
      query: async <R>(text: string, values?: readonly unknown[]) => {
        // Its catalogue has neither.
        expect(text).not.toMatch(/pg_publication_namespace|prattrs/);
        const rows = await reader.query<object>(text, values);
        return rows.map((row) => ({ ...row, serverVersion: 140_009 }) as R);
      },
    };
    await expect(checkOwnTable(older, SYSTEM, ownTable(names))).rejects.toThrow(/PostgreSQL 14; 15 or later is needed/);
  });

  it('is not ready any more when somebody takes something away', async () => {
    await checkOwnTable(reader, SYSTEM, ownTable(names));
    await owner.query('alter table shop."Purchases" disable trigger zz_esteira_stamp');
    await expect(checkOwnTable(reader, SYSTEM, ownTable(names))).rejects.toThrow(
      /was changed, or is not ENABLE ALWAYS/,
    );
    await prepareSource(owner, options, quiet);
    await owner.query(`revoke select (amount) on shop."Purchases" from ${role}`);
    await expect(checkOwnTable(reader, SYSTEM, ownTable(names))).rejects.toThrow(/may not SELECT amount/);
    await prepareSource(owner, options, quiet);
    // As a dump of another cluster is restored: the triggers come after the rows.
    await owner.query(`alter table shop."Purchases" disable trigger zz_esteira_stamp`);
    await owner.query(`insert into shop."Purchases" (esteira_tx) values ('99999999999')`);
    await prepareSource(owner, options, quiet);
    await expect(checkOwnTable(reader, SYSTEM, ownTable(names))).rejects.toThrow(/stamped by another Postgres cluster/);
    await owner.query(RESTAMP);
    await prepareSource(owner, options, quiet);
    await checkOwnTable(reader, SYSTEM, ownTable(names));
    expect(await readEverything()).toHaveLength(1);
    await owner.query('alter table shop."Purchases" enable row level security');
    await expect(checkOwnTable(reader, SYSTEM, ownTable(names))).rejects.toThrow(/row-level security/);
  });
});
