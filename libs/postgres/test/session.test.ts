import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { migrate, openPostgres, type Postgres } from '../src/index.ts';
import { wrongSettings } from '../src/session.ts';

/** What a person may have set, for good reasons of their own. */
const STRANGE = {
  TimeZone: 'America/Sao_Paulo',
  DateStyle: 'SQL, DMY',
  IntervalStyle: 'iso_8601',
  extra_float_digits: '-3',
  bytea_output: 'escape',
  array_nulls: 'off',
  standard_conforming_strings: 'off',
  quote_all_identifiers: 'on',
  default_transaction_isolation: 'serializable',
  default_transaction_read_only: 'on',
  synchronous_commit: 'off',
  statement_timeout: '2s',
  lock_timeout: '2s',
};

const server = inject('env')['ENDPUT_DATABASE_URL'] ?? '';
const admin = openPostgres({ url: server, applicationName: 'session test', max: 1 });
const name = `t_${randomBytes(6).toString('hex')}`;

beforeAll(async () => {
  await admin.query(`create database ${name}`);
  await admin.query(`create role ${name} login password 'strange' createdb`);
  await admin.query(`alter database ${name} owner to ${name}`);
});
afterAll(async () => {
  await admin.query(`drop database ${name} with (force)`);
  await admin.query(`drop role ${name}`);
  await admin.close();
});

function urlOf(options?: string): string {
  const url = new URL(server);
  Object.assign(url, { pathname: name, username: name, password: 'strange' });
  if (options !== undefined) url.searchParams.set('options', options);
  return url.href;
}

/** Settings of a role, a database, or both, until the test is over. */
async function altered(what: 'role' | 'database', settings: Record<string, string>): Promise<void> {
  const all = Object.entries(settings);
  for (const [setting, value] of all) await admin.query(`alter ${what} ${name} set ${setting} = ${value}`);
  onTestFinished(async () => {
    await admin.query(`alter ${what} ${name} reset all`);
  });
}
const quoted = (settings: Record<string, string>) =>
  Object.fromEntries(Object.entries(settings).map(([setting, value]) => [setting, `'${value}'`]));

function opened(url: string): Postgres {
  const postgres = openPostgres({ url, applicationName: 'session test', max: 2 });
  onTestFinished(() => postgres.close());
  return postgres;
}

/** What our SQL makes of a row, and what a transaction of ours is. */
const ASKED = `select timestamp '2026-03-04 05:06:07.123456'::timestamptz as instant, date '2026-03-04'::text as day,
  interval '1 day 2 hours'::text as span, 29.33::float8::text as price, 'a\\b' as text, '\\x00ff'::bytea::text as bytes,
  ($1::text[])[1] is null as nothing, 'public'::regnamespace::text as schema,
  current_setting('transaction_isolation') as isolation, current_setting('transaction_read_only') as "readOnly",
  current_setting('synchronous_commit') as durable, current_setting('statement_timeout') as "limit",
  current_setting('lock_timeout') as "lockLimit"`;
const AS_IT_MUST_BE = {
  instant: '2026-03-04 05:06:07.123456+00',
  day: '2026-03-04',
  span: '1 day 02:00:00',
  price: '29.33',
  text: 'a\\b',
  bytes: '\\x00ff',
  nothing: true,
  schema: 'public',
  isolation: 'read committed',
  readOnly: 'off',
  durable: 'on',
  limit: '30s',
  lockLimit: '0',
};

async function expectRight(postgres: Postgres): Promise<void> {
  expect(await postgres.query(ASKED, [[null]])).toEqual([AS_IT_MUST_BE]);
  expect(await postgres.transaction((sql) => sql.query(ASKED, [[null]]))).toEqual([AS_IT_MUST_BE]);
}

describe('a session is what our SQL needs', () => {
  it('whatever its URL asks for', async () => {
    const options = Object.entries(STRANGE).map(([setting, value]) => `-c ${setting}=${value.replaceAll(' ', '\\ ')}`);
    await expectRight(opened(urlOf(options.join(' '))));
    const url = new URL(urlOf());
    url.searchParams.set('client_encoding', 'LATIN1');
    url.searchParams.set('statement_timeout', '2000');
    expect(await opened(url.href).query(`select 'ñ€' as text`)).toEqual([{ text: 'ñ€' }]);
  });

  it('whatever its role and its database are set to', async () => {
    await altered('role', quoted(STRANGE));
    await altered('database', quoted({ ...STRANGE, TimeZone: 'Asia/Tokyo' }));
    await expectRight(opened(urlOf()));
  });

  it('and keeps what nothing depends on: what else the URL asks for, and the search path', async () => {
    const postgres = opened(urlOf('-c work_mem=7MB -c search_path=shop'));
    const asked = `select current_setting('work_mem') as memory, current_setting('search_path') as path`;
    expect(await postgres.query(asked)).toEqual([{ memory: '7MB', path: 'shop' }]);
    await altered('role', { synchronous_commit: 'remote_apply' });
    const level = `select current_setting('synchronous_commit') as level`;
    expect(await opened(urlOf()).query(level)).toEqual([{ level: 'remote_apply' }]);
  });

  it("and no function of a schema in the search path stands in for one of Postgres'", async () => {
    const owner = opened(urlOf());
    await owner.query(`create schema evil`);
    await owner.query(`create function evil.lower(text) returns text language sql as $$ select 'evil' $$`);
    const postgres = opened(urlOf('-c search_path=evil,pg_catalog,public'));
    expect(await postgres.query(`select lower('Tea'::text) as text, current_schema() as made_in`)).toEqual([
      { text: 'tea', made_in: 'evil' },
    ]);
  });

  it('for which a row that a policy would hide is an error', async () => {
    const owner = opened(urlOf());
    await owner.query(`create table hidden (id int)`);
    await owner.query(`alter table hidden enable row level security, force row level security`);
    await expect(owner.query('select from hidden')).rejects.toThrow(/row-level security/);
  });

  it('also for a migration', async () => {
    await altered(
      'role',
      quoted({ statement_timeout: '1s', default_transaction_read_only: 'on', TimeZone: 'Asia/Tokyo' }),
    );
    const directory = mkdtempSync(join(tmpdir(), 'migrations-'));
    onTestFinished(() => {
      rmSync(directory, { recursive: true });
    });
    writeFileSync(
      join(directory, '001_test.sql'),
      `create table migrated as select current_setting('TimeZone') as zone from pg_sleep(1.2);`,
    );
    await migrate(urlOf('-c DateStyle=German'), { name: 'session', directory });
    expect(await opened(urlOf()).query('select zone from migrated')).toEqual([{ zone: 'UTC' }]);
  });
});

describe('a session that something on the way has changed', () => {
  const limits = { statement_timeout: 30_000, idle_in_transaction_session_timeout: 60_000 };

  it.each([
    ['TimeZone', 'Asia/Tokyo', 'TimeZone is Asia/Tokyo and not UTC'],
    ['statement_timeout', '0', 'statement_timeout is 0 and not 30000'],
    ['synchronous_commit', 'off', 'synchronous_commit is off'],
  ])('is known by its %s', (setting, value, words) => {
    expect(wrongSettings([{ name: setting, setting: value }], limits)).toEqual([words]);
  });

  it('may commit as durably as somebody likes', () => {
    for (const level of ['on', 'local', 'remote_write', 'remote_apply']) {
      expect(wrongSettings([{ name: 'synchronous_commit', setting: level }], limits)).toEqual([]);
    }
  });
});
