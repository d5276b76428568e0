import { randomUUID } from 'node:crypto';
import { openPostgres, type Postgres } from '@esteira/postgres';
import { patient } from '@esteira/tests/patience';
import { freshDatabase, type Fresh } from '@esteira/tests/support';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import {
  heldCondition,
  keepLease,
  LeaseLost,
  leaseScript,
  postgresLease,
  redisLease,
  whileHeld,
  type FieldChange,
  type Held,
  type LeasedTable,
  type RowChange,
  type ScriptConnection,
} from '../src/index.ts';
import { exercise, type Stage } from './exercise.ts';

const THINGS: LeasedTable = { table: 'things', key: 'id', keyType: 'bigint' };
let database: Fresh;
let sql: Postgres;
let redis: Redis;

beforeAll(async () => {
  database = await freshDatabase('ENDPUT_DATABASE_URL');
  sql = openPostgres({ url: database.url, applicationName: 'test', max: 8 });
  await sql.query(`CREATE TABLE things (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, value text NOT NULL DEFAULT '',
    is_open boolean NOT NULL DEFAULT true, holder text, lease_until timestamptz, fence int NOT NULL DEFAULT 0)`);
  await sql.query('CREATE TABLE notes (note text NOT NULL)');
  redis = new Redis(inject('env')['REDIS_URL'] ?? '');
});

afterAll(async () => {
  await sql.close();
  await database.drop();
  await redis.quit();
});

const freshThing = async () =>
  (await sql.query<{ id: string }>('INSERT INTO things DEFAULT VALUES RETURNING id'))[0]!.id;

function postgresStage(): Stage<RowChange> {
  return {
    lease: postgresLease(sql, THINGS),
    fresh: freshThing,
    change: (value) => ({ set: 'value = $3', values: [value] }),
    write: async ({ key, token }, value) =>
      (await sql.query(`UPDATE things SET value = $3 WHERE ${heldCondition(THINGS)} RETURNING 1`, [key, token, value]))
        .length === 1,
    value: async (key) =>
      (await sql.query<{ value: string }>('SELECT value FROM things WHERE id = $1', [key]))[0]?.value,
    remove: async (key) => {
      await sql.query('DELETE FROM things WHERE id = $1', [key]);
    },
  };
}

const scripts: ScriptConnection = { script: (lua, key, args = []) => redis.eval(lua, 1, key, ...args) };
const { isHeld } = leaseScript('run_id');

function redisStage(): Stage<FieldChange> {
  return {
    lease: redisLease(scripts, 'run_id'),
    fresh: async () => {
      const key = `esteira:test:lease:${randomUUID()}`;
      await redis.hset(key, 'value', '');
      await redis.expire(key, 3_600);
      return key;
    },
    change: (value) => ['value', value],
    write: async ({ key, holder, token }, value) =>
      (await redis.eval(
        `if not ${isHeld} then return 0 end
         redis.call('HSET', KEYS[1], 'value', ARGV[3])
         return 1`,
        ...([1, key, holder, token, value] as const),
      )) === 1,
    value: async (key) => (await redis.hget(key, 'value')) ?? undefined,
    remove: async (key) => {
      await redis.del(key);
    },
  };
}

exercise('Postgres', postgresStage);
exercise('Redis', redisStage);

const held = async (key: string, holder: string, forMs = 3_600_000): Promise<Held> =>
  (await postgresLease(sql, THINGS).take(key, holder, forMs))!;
const notes = async () => (await sql.query<{ note: string }>('SELECT note FROM notes')).map(({ note }) => note);
const noteOf = (one: Held, note: string) =>
  whileHeld(sql, THINGS, one, (tx) => tx.query('INSERT INTO notes VALUES ($1)', [note]));

describe('what a lease in Postgres protects in other tables', () => {
  it('is written by its holder and by no frozen one that wakes', async () => {
    const key = await freshThing();
    const frozen = await held(key, 'a', 0);
    await noteOf(await held(key, 'b'), `${key} of b`);
    await expect(noteOf(frozen, `${key} of a`)).rejects.toThrow(LeaseLost);
    expect(await notes()).toContain(`${key} of b`);
    expect(await notes()).not.toContain(`${key} of a`);
  });

  it('is whole before another takes the lease', async () => {
    const key = await freshThing();
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
    const key = await freshThing();
    await sql.query('UPDATE things SET is_open = false WHERE id = $1', [key]);
    expect(await postgresLease(sql, THINGS, 'is_open').take(key, 'a', 1_000)).toBeUndefined();
  });

  it('of a process that is gone are free at once for the one in its place, and should it live it writes nothing', async () => {
    const [key, other] = [await freshThing(), await freshThing()];
    const gone = await held(key, 'console');
    const others = await held(other, 'another');
    await postgresLease(sql, THINGS).revoke({ sql: 'holder = $1', values: ['console'] });
    const { write } = postgresStage();
    expect(await write(gone, 'old')).toBe(false);
    expect((await held(key, 'console')).token).toBeGreaterThan(gone.token);
    expect(await write(others, 'its own')).toBe(true);
  });
});

describe('a lease in Redis', () => {
  it('tells a holder from another with the same token, which a Redis that was emptied gives again', async () => {
    const { lease, fresh, remove, write, value } = redisStage();
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
