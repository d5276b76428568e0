import { randomBytes } from 'node:crypto';
import { openPostgres } from '@esteira/postgres';
import { patient } from '@esteira/tests/patience';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { rowsBehind, watermark } from '../src/index.ts';
import { notes, open, ownSource, readAll, take, takeOne, type OwnSource } from './support.ts';

let own: OwnSource;
beforeAll(async () => {
  own = await ownSource('ENDPUT_DATABASE_URL');
});
afterAll(() => own.drop());

/** Other tests on the server may hold the watermark for a moment. */
const eventually = <T>(check: () => Promise<T>) => vi.waitFor(check, patient);

describe('what holds the watermark back', () => {
  it('is a backend with its pid, application, database and age', async () => {
    const holder = await open(own.elsewhere);
    const [self] = await holder.query<{ pid: number; xid: string; database: string }>(
      `select pg_backend_pid() as pid, pg_current_xact_id()::text as xid, current_database() as database`,
    );
    await own.postgres.query(takeOne);
    const held = await eventually(async () => {
      const now = await watermark(own.postgres);
      expect(now.xmin).toBe(self?.xid);
      return now;
    });
    expect(held.heldBy).toMatchObject({
      kind: 'backend',
      pid: self?.pid,
      application: 'source test',
      database: self?.database,
    });
    expect(held.lagSeconds).toBe(held.heldBy?.ageSeconds);
    expect(held.lagSeconds).toBeGreaterThan(0);
    expect(held.heldBy).not.toHaveProperty('gid');
    await holder.end();
    await eventually(async () => {
      expect(BigInt((await watermark(own.postgres)).xmin)).toBeGreaterThan(BigInt(self?.xid ?? ''));
    });
  });

  it('is a prepared transaction with its gid', async ({ skip }) => {
    const [setting] = await own.postgres.query<{ n: string }>(`select current_setting('max_prepared_transactions') n`);
    skip(setting?.n === '0', 'the server has no prepared transactions');
    const gid = `g_${randomBytes(6).toString('hex')}`;
    const prepared = await open(own.postgres);
    await prepared.query(takeOne);
    await prepared.end(`prepare transaction '${gid}'`);
    const { heldBy } = await eventually(async () => {
      const now = await watermark(own.postgres);
      expect(now.heldBy?.gid).toBe(gid);
      return now;
    });
    expect(heldBy).toMatchObject({ kind: 'prepared', database: new URL(own.url).pathname.slice(1) });
    expect(heldBy).not.toHaveProperty('pid');
    await own.postgres.query(`rollback prepared '${gid}'`);
  });

  it('is named by its pid even to a role that may not see more', async () => {
    const role = `r_${randomBytes(6).toString('hex')}`;
    await own.postgres.query(`create role ${role} login password 'x'`);
    const url = new URL(own.url);
    Object.assign(url, { username: role, password: 'x' });
    const plain = openPostgres({ url: url.href, applicationName: 'plain', max: 1 });
    const holder = await open(own.postgres);
    const [self] = await holder.query<{ pid: number }>('select pg_backend_pid() as pid, pg_current_xact_id()');
    const held = await eventually(async () => {
      const now = await watermark(plain);
      expect(now.heldBy?.pid).toBe(self?.pid);
      return now;
    });
    expect(held.heldBy).toMatchObject({ kind: 'backend', database: new URL(own.url).pathname.slice(1) });
    await holder.end('rollback');
    await plain.close();
    await own.postgres.query(`drop role ${role}`);
  });

  it('is nothing when every transaction has ended', async () => {
    await eventually(async () => {
      expect(await watermark(own.postgres)).toEqual({ xmin: expect.stringMatching(/^\d+$/) as string, lagSeconds: 0 });
    });
  });
});

describe('the rows behind', () => {
  it('are counted exactly up to a bound, those that are not yet safe included', async () => {
    await own.postgres.query('truncate notes restart identity');
    for (let i = 0; i < 3; i++) await take(own.postgres, 100);
    await eventually(async () => {
      expect((await readAll(own.source, undefined, 1_000)).ids).toHaveLength(300);
    });
    expect(await rowsBehind(own.postgres, notes)).toEqual({ rows: 300, more: false });
    const { last } = await own.source.next(undefined, 120, { maxAttempts: 5 });
    expect(await rowsBehind(own.postgres, notes, last)).toEqual({ rows: 180, more: false });
    expect(await rowsBehind(own.postgres, notes, last, 180)).toEqual({ rows: 180, more: false });
    expect(await rowsBehind(own.postgres, notes, last, 179)).toEqual({ rows: 179, more: true });
    const holder = await open(own.postgres);
    await holder.query('select pg_current_xact_id()');
    await own.postgres.query(takeOne);
    expect(await rowsBehind(own.postgres, notes, last)).toEqual({ rows: 181, more: false });
    await holder.end();
  });
});
