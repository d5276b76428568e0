import { settingsEntries } from '@esteira/settings';
import { endputMigrations } from '@esteira/orders/endput';
import { migrate, openPostgres, SessionUnfit, type Postgres } from '@esteira/postgres';
import {
  freshDatabase,
  openBooks,
  runProgram,
  startPgBouncer,
  startPipeline,
  type Fresh,
  type PgBouncer,
} from '@esteira/tests/support';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

let database: Fresh;

beforeAll(async () => {
  database = await freshDatabase('ENDPUT_DATABASE_URL');
});
afterAll(() => database.drop());

async function pooler(settings: Record<string, string | number>): Promise<PgBouncer> {
  const started = await startPgBouncer([database.url], settings);
  onTestFinished(() => started.stop());
  return started;
}

function opened(url: string, max = 4): Postgres {
  const postgres = openPostgres({ url, applicationName: 'pooler test', max });
  onTestFinished(() => postgres.close());
  return postgres;
}

const SESSION = `select current_setting('TimeZone') as zone, current_setting('search_path') as path,
  current_setting('transaction_isolation') as isolation, current_setting('transaction_read_only') as "readOnly",
  current_setting('statement_timeout') as "limit", $1::int as number`;
const RIGHT = {
  zone: 'UTC',
  path: '"$user", public',
  isolation: 'read committed',
  readOnly: 'off',
  limit: '30s',
  number: 7,
};

describe.each(['transaction', 'session'])('PgBouncer with pool_mode=%s', (mode) => {
  it('gives sessions that are what our SQL needs, whatever others leave in them', async () => {
    const { through } = await pooler({ pool_mode: mode, default_pool_size: mode === 'session' ? 8 : 2 });
    // Another client, whose every connection leaves what it likes; only this library's settings count for us.
    const rude = opened(through(database.url), 2);
    for (const name of ['TimeZone', 'search_path', 'default_transaction_read_only', 'default_transaction_isolation']) {
      const value = { TimeZone: 'Asia/Tokyo', search_path: 'nowhere', default_transaction_read_only: 'on' }[name];
      await rude.query(`select set_config('${name}', '${value ?? 'serializable'}', false)`);
    }
    const postgres = opened(through(database.url));
    const asked = Array.from({ length: 12 }, () => postgres.query(SESSION, [7]));
    for (const rows of await Promise.all(asked)) expect(rows).toEqual([RIGHT]);
    const inside = await postgres.transaction(
      async (sql) => [...(await sql.query(SESSION, [7])), ...(await sql.query(SESSION, [7]))],
      `set local statement_timeout = '9s'`,
    );
    expect(inside).toEqual(Array(2).fill({ ...RIGHT, limit: '9s' }));
  });

  it('has migrations done once, by processes that start at once, and no lock stays behind', async () => {
    const { through } = await pooler({ pool_mode: mode });
    const fresh = await freshDatabase('ENDPUT_DATABASE_URL');
    onTestFinished(() => fresh.drop());
    await Promise.all(Array.from({ length: 5 }, () => migrate(through(fresh.url), endputMigrations)));
    const direct = opened(fresh.url);
    expect(await direct.query('select * from orders')).toEqual([]);
    const locks = `select from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`;
    expect(await direct.query(locks)).toEqual([]);
  });

  it('goes on after a statement that fails, in a transaction too', async () => {
    const { through } = await pooler({ pool_mode: mode, default_pool_size: 1 });
    const postgres = opened(through(database.url), 1);
    await expect(postgres.query('select 1 / 0')).rejects.toThrow(/division by zero/);
    await expect(postgres.transaction((sql) => sql.query('select 1 / 0'))).rejects.toThrow(/division by zero/);
    expect(await postgres.query(SESSION, [7])).toEqual([RIGHT]);
  });
});

describe('PgBouncer', () => {
  it('keeps nothing of ours in the sessions that others use after us', async () => {
    const { through } = await pooler({ pool_mode: 'transaction', default_pool_size: 1 });
    const postgres = opened(through(database.url));
    await Promise.all(Array.from({ length: 4 }, () => postgres.query(SESSION, [7])));
    await postgres.transaction((sql) => sql.query(SESSION, [7]));
    await migrate(through(database.url), endputMigrations);
    const settings = async (url: string) => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      const { rows } = await client.query<{ name: string }>('select name, setting from pg_settings order by name');
      await client.end();
      return rows.filter(({ name }) => name !== 'application_name');
    };
    expect(await settings(through(database.url))).toEqual(await settings(database.url));
  });

  it('that drops what the URL asks for is no obstacle', async () => {
    const { through } = await pooler({ pool_mode: 'transaction', ignore_startup_parameters: 'options' });
    const url = new URL(through(database.url));
    url.searchParams.set('options', '-c TimeZone=America/Sao_Paulo');
    expect(await opened(url.href).query(SESSION, [7])).toEqual([RIGHT]);
  });

  it('that refuses what the URL asks for is named, with what to do', async () => {
    const { through } = await pooler({ pool_mode: 'transaction' });
    for (const [name, value] of [
      ['options', '-c TimeZone=UTC'],
      ['statement_timeout', '5000'],
    ] as const) {
      const url = new URL(through(database.url));
      url.searchParams.set(name, value);
      const asked = opened(url.href).query('select 1');
      await expect(asked).rejects.toThrow(SessionUnfit);
      await expect(asked).rejects.toThrow(
        /PgBouncer, which refuses .*unsupported startup parameter.*Take that out of the URL/,
      );
      await expect(migrate(url.href, endputMigrations)).rejects.toThrow(SessionUnfit);
    }
  });

  it('is refused by work that needs a session of its own', async () => {
    const { through } = await pooler({ pool_mode: 'session' });
    const postgres = openPostgres({
      url: through(database.url),
      applicationName: 'pooler test',
      needsOwnSession: true,
    });
    onTestFinished(() => postgres.close());
    await expect(postgres.query('select 1')).rejects.toThrow(
      /is reached through a pooler \(PgBouncer.*give the address of the server itself/,
    );
  });

  it('with pool_mode=statement is refused, and apps end with 78', async () => {
    const { through } = await pooler({ pool_mode: 'statement' });
    await expect(opened(through(database.url)).query('select 1')).rejects.toThrow(
      /PgBouncer with pool_mode=statement, which has no transactions: give the address of the server itself/,
    );
    const env = { ENDPUT_DATABASE_URL: through(database.url), SYSTEM1_DATABASE_URL: through(database.url) };
    for (const [app, process] of [
      ['orders-api', { SYSTEM: 'system-1' }],
      ['orders-consumer', { CONSUMER_NUMBER: '1' }],
    ] as const) {
      const ended = await runProgram(`apps/${app}/src/main.ts`, [], {
        ...env,
        ...process,
        SYSTEM1_API_PORT: '1',
        CONSUMER_PORT: '1',
      });
      expect(ended.output).toContain('pool_mode=statement');
      expect(ended.code).toBe(78);
    }
  });

  it('carries the whole pipeline with pool_mode=transaction: nothing is lost or doubled', async () => {
    const { through } = await pooler({ pool_mode: 'transaction', default_pool_size: 5 });
    const fresh = await Promise.all(Array.from({ length: 3 }, () => freshDatabase('ENDPUT_DATABASE_URL')));
    const [one = '', two = '', endput = ''] = fresh.map(({ url }) => through(url));
    const pipeline = await startPipeline({
      env: { SYSTEM1_DATABASE_URL: one, SYSTEM2_DATABASE_URL: two, ENDPUT_DATABASE_URL: endput },
    });
    const books = await openBooks(pipeline.settings);
    onTestFinished(async () => {
      await books.close();
      await pipeline.stop();
      for (const each of fresh) await each.drop();
    });
    for (const system of [0, 1]) {
      await pipeline.post(system, '/v0/insert-data', { positive_inserts: 100, negative_inserts: 20 });
      await pipeline.post(system, '/v0/process/run', { follow: true });
    }
    expect(await books.untilAtRest(240)).toMatchObject({ stored: 200, dead: 40 });
    const settings = Object.fromEntries(settingsEntries(pipeline.settings));
    const reconciled = await runProgram('apps/cli/src/main.ts', ['reconcile'], settings);
    expect(reconciled, reconciled.output).toMatchObject({ code: 0 });
  });
});
