import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createLogger } from '@esteira/observability';
import { openPostgres, type Postgres } from '@esteira/postgres';
import { openRedis, type RedisConnection } from '@esteira/relay';
import { patient } from '@esteira/tests/patience';
import { freshDatabase, type Fresh } from '@esteira/tests/support';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { keepLease, LeaseLost, postgresLease, whileHeld, type Held } from '../src/index.ts';
import { exercise, type Stage } from './exercise.ts';
import { CREATE_THINGS, postgresStage, redisStage, THINGS } from './stages.ts';

const redisUrl = inject('env')['REDIS_URL'] ?? '';
let database: Fresh;
let sql: Postgres;
let redis: RedisConnection;

beforeAll(async () => {
  database = await freshDatabase('ENDPUT_DATABASE_URL');
  sql = openPostgres({ url: database.url, applicationName: 'test', max: 8 });
  await sql.query(CREATE_THINGS);
  await sql.query('CREATE TABLE notes (note text NOT NULL)');
  redis = openRedis(redisUrl, createLogger({ name: 'test', level: 'silent' }));
});

afterAll(async () => {
  await sql.close();
  await database.drop();
  await redis.close();
});

exercise('Postgres', () => postgresStage(sql));
exercise('Redis', () => redisStage(redis));

describe('a process that is stopped while it holds a lease, and goes on when another has taken it', () => {
  const stages: Record<string, () => { readonly stage: Stage<unknown>; readonly url: string }> = {
    Postgres: () => ({ stage: postgresStage(sql), url: database.url }),
    Redis: () => ({ stage: redisStage(redis), url: redisUrl }),
  };

  it.each(Object.keys(stages))('writes nothing to %s any more', async (store) => {
    const { stage, url } = stages[store]!();
    const key = await stage.fresh();
    const child = spawn(process.execPath, [join(import.meta.dirname, 'holder.ts'), store, url, key]);
    onTestFinished(() => void child.kill('SIGKILL'));
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await vi.waitUntil(() => output.includes('written\nwritten\n'), patient);
    child.kill('SIGSTOP');
    const next = await vi.waitUntil(() => stage.lease.take(key, 'next', 3_600_000), patient);
    expect(await stage.write(next, 'of the next one')).toBe(true);
    child.kill('SIGCONT');
    await once(child, 'close');
    expect(output).toMatch(/written\nrefused\n$/);
    expect(await stage.value(key)).toBe('of the next one');
  });
});

const held = async (key: string, holder: string, forMs = 3_600_000): Promise<Held> =>
  (await postgresLease(sql, THINGS).take(key, holder, forMs))!;
const notes = async () => (await sql.query<{ note: string }>('SELECT note FROM notes')).map(({ note }) => note);
const noteOf = (one: Held, note: string) =>
  whileHeld(sql, THINGS, one, (tx) => tx.query('INSERT INTO notes VALUES ($1)', [note]));

describe('what a lease in Postgres protects in other tables', () => {
  it('is written by its holder and by no frozen one that wakes', async () => {
    const key = await postgresStage(sql).fresh();
    const frozen = await held(key, 'a', 0);
    await noteOf(await held(key, 'b'), `${key} of b`);
    await expect(noteOf(frozen, `${key} of a`)).rejects.toThrow(LeaseLost);
    expect(await notes()).toContain(`${key} of b`);
    expect(await notes()).not.toContain(`${key} of a`);
  });

  it('is whole before another takes the lease', async () => {
    const key = await postgresStage(sql).fresh();
    const first = await held(key, 'a', 0);
    let taking: Promise<Held> | undefined;
    await whileHeld(sql, THINGS, first, async (tx) => {
      taking = held(key, 'b');
      await tx.query('INSERT INTO notes VALUES ($1)', [`${key} before`]);
      // The other waits for the row now.
      await vi.waitUntil(async () => {
        const waits = await sql.query(`SELECT FROM pg_stat_activity WHERE datname = current_database()
          AND wait_event_type = 'Lock' AND query LIKE 'UPDATE things SET holder%'`);
        return waits.length > 0;
      }, patient);
    });
    expect((await taking)?.token).toBeGreaterThan(first.token);
    expect(await notes()).toContain(`${key} before`);
  });
});

describe('leases in Postgres', () => {
  it('are not taken of rows that are not to be taken', async () => {
    const key = await postgresStage(sql).fresh();
    await sql.query('UPDATE things SET is_open = false WHERE id = $1', [key]);
    expect(await postgresLease(sql, THINGS, 'is_open').take(key, 'a', 1_000)).toBeUndefined();
  });

  it('of a process that is gone are free at once for the one in its place, and should it live it writes nothing', async () => {
    const { write, fresh } = postgresStage(sql);
    const [key, other] = [await fresh(), await fresh()];
    const gone = await held(key, 'console');
    const others = await held(other, 'another');
    await postgresLease(sql, THINGS).revoke({ sql: 'holder = $1', values: ['console'] });
    expect(await write(gone, 'old')).toBe(false);
    expect((await held(key, 'console')).token).toBeGreaterThan(gone.token);
    expect(await write(others, 'its own')).toBe(true);
  });
});

describe('a lease in Redis', () => {
  it('tells a holder from another with the same token, which a Redis that was emptied gives again', async () => {
    const { lease, fresh, remove, write, value } = redisStage(redis);
    const key = await fresh();
    const before = (await lease.take(key, 'run 1', 0))!;
    await remove(key);
    const after = (await lease.take(key, 'run 2', 3_600_000))!;
    expect(after.token).toBe(before.token);
    expect(await write(before, 'old')).toBe(false);
    expect(await write(after, 'new')).toBe(true);
    expect(await value(key)).toBe('new');
  });
});

describe('keeping a lease', () => {
  it('goes on after a renewal that failed', async () => {
    const faults: unknown[] = [];
    const renew = vi.fn<() => Promise<boolean>>();
    const { promise: again, resolve } = Promise.withResolvers<undefined>();
    renew.mockRejectedValueOnce(new Error('away')).mockImplementation(() => {
      resolve(undefined);
      return Promise.resolve(true);
    });
    const end = keepLease({ forMs: 3, renew, onFault: (fault) => faults.push(fault) });
    await again;
    await end();
    expect(faults).toEqual([new Error('away')]);
  });
});
