import { migrate, openPostgres, type Postgres } from '@esteira/postgres';
import { watermark } from '@esteira/postgres-source';
import { freshDatabase, type Fresh } from '@esteira/tests/support';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  commitChunk,
  importByKey,
  importExists,
  ImportMoved,
  importRefusals,
  InsertInterrupted,
  insertMadeUpOrders,
  sourceMigrations,
  startImport,
  whileAlone,
  type ImportChunk,
} from '../src/source/index.ts';

let database: Fresh;
let postgres: Postgres;

beforeAll(async () => {
  database = await freshDatabase('SYSTEM1_DATABASE_URL');
  await migrate(database.url, sourceMigrations);
  postgres = openPostgres({ url: database.url, applicationName: 'import test', max: 4 });
});
afterAll(async () => {
  await postgres.close();
  await database.drop();
});
beforeEach(() => postgres.query('truncate orders, imports cascade'));

const order = { product: 'a', price: '1.10', securityCheck: true, createdAt: '1997-01-01T00:00:00.123456Z' };
const chunk: ImportChunk = {
  orders: [order, { product: '', price: '0.00', securityCheck: false, createdAt: null }],
  refusals: [{ line: 4, reason: 'no' }],
  contentHash: 'ab12',
  finished: false,
};
const count = async () => (await postgres.query<{ n: number }>('select count(*)::int as n from orders'))[0]?.n;

describe('a chunk of an import', () => {
  it('moves orders, refusals and the position together', async () => {
    const start = await startImport(postgres, 'together', '00');
    const state = await commitChunk(postgres, start, chunk);
    const expected = { position: 3, positive: 1, negative: 1, refused: 1, contentHash: 'ab12', finished: false };
    expect(state).toEqual({ importId: start.importId, ...expected });
    expect(await importByKey(postgres, 'together')).toEqual(state);
    expect(await importRefusals(postgres, start.importId, 0, 10)).toEqual([{ line: 4, reason: 'no' }]);
    expect(await importRefusals(postgres, start.importId, 4, 10)).toEqual([]);
    const rows = await postgres.query('select product, price, created_at from orders order by id');
    expect(rows).toMatchObject([
      { product: 'a', price: '1.10', created_at: '1997-01-01 00:00:00.123456+00' },
      { product: '', price: '0.00' },
    ]);
    expect(await importExists(postgres, start.importId)).toBe(true);
    expect(await importExists(postgres, '6f3c2d8e-5d0c-4a55-9a0e-5f2b6c1f7d10')).toBe(false);
  });

  it('is committed once, also when two hold the same state', async () => {
    const start = await startImport(postgres, undefined, '00');
    const both = await Promise.allSettled([commitChunk(postgres, start, chunk), commitChunk(postgres, start, chunk)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: expect.any(ImportMoved) as Error,
    });
    expect(await count()).toBe(2);
  });

  it('does not follow the last one', async () => {
    const start = await startImport(postgres, undefined, '00');
    const end = await commitChunk(postgres, start, { ...chunk, finished: true });
    await expect(commitChunk(postgres, end, chunk)).rejects.toThrow(ImportMoved);
    expect(await count()).toBe(2);
  });
});

describe('the lock of a key', () => {
  it('lets one in, and the next one when it is free again', async () => {
    const { promise: hold, resolve: release } = Promise.withResolvers<undefined>();
    const { promise: inside, resolve: entered } = Promise.withResolvers<undefined>();
    const first = whileAlone(postgres, 'key', async () => {
      entered(undefined);
      await hold;
      return 1;
    });
    await inside;
    expect(await whileAlone(postgres, 'key', () => Promise.resolve(2))).toBeUndefined();
    expect(await whileAlone(postgres, 'another', () => Promise.resolve(3))).toBe(3);
    release(undefined);
    expect(await first).toBe(1);
    expect(await whileAlone(postgres, 'key', () => Promise.resolve(4))).toBe(4);
  });

  it('does not hold the watermark back', async () => {
    await whileAlone(postgres, 'key', async () => {
      await insertMadeUpOrders(postgres, { positive: 1, negative: 0 }, new AbortController().signal);
      const [row] = await postgres.query<{ held: boolean }>(
        `select exists (select from pg_stat_activity where application_name = 'import test' and backend_xid is not null) as held`,
      );
      expect(row?.held).toBe(false);
      expect(await watermark(postgres)).toHaveProperty('xmin');
    });
  });

  it('is freed when its connection ends', async () => {
    const { promise: inside, resolve: entered } = Promise.withResolvers<undefined>();
    const { promise: hold, resolve: release } = Promise.withResolvers<undefined>();
    const first = whileAlone(postgres, 'cut', async () => {
      entered(undefined);
      await hold;
    });
    await inside;
    await postgres.query(
      `select pg_terminate_backend(pid, 5000) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`,
    );
    expect(await whileAlone(postgres, 'cut', () => Promise.resolve('in'))).toBe('in');
    release(undefined);
    await expect(first).rejects.toThrow();
  });
});

describe('made-up orders', () => {
  it('are as many of each kind as asked for, in chunks of any size', async () => {
    const counts = fc.integer({ min: 0, max: 40 });
    await fc.assert(
      fc.asyncProperty(counts, counts, fc.integer({ min: 1, max: 30 }), async (positive, negative, chunkRows) => {
        await postgres.query('truncate orders');
        await insertMadeUpOrders(postgres, { positive, negative }, new AbortController().signal, chunkRows);
        const [row] = await postgres.query(`
          select (count(*) filter (where security_check))::int as positive,
            (count(*) filter (where not security_check))::int as negative,
            coalesce(bool_and(price > 0 and product <> ''), true) as plausible
          from orders`);
        expect(row).toEqual({ positive, negative, plausible: true });
      }),
      { numRuns: 25 },
    );
  });

  it('stay when inserting ends early, and it says how many there are', async () => {
    const stop = new AbortController();
    const sql: Postgres = {
      ...postgres,
      query: async (text, values) => {
        const rows = await postgres.query<never>(text, values);
        if ((await count()) === 20) stop.abort();
        return rows;
      },
    };
    const error = await insertMadeUpOrders(sql, { positive: 50, negative: 0 }, stop.signal, 10).catch(
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(InsertInterrupted);
    expect(error).toMatchObject({ inserted: 20 });
    expect(await count()).toBe(20);
  });
});
