import { randomUUID } from 'node:crypto';
import type { Postgres } from '@esteira/postgres';
import type { RedisConnection } from '@esteira/relay';
import {
  heldCondition,
  leaseScript,
  postgresLease,
  redisLease,
  type FieldChange,
  type LeasedTable,
  type RowChange,
} from '../src/index.ts';
import type { Stage } from './exercise.ts';

export const THINGS: LeasedTable = { table: 'things', key: 'id', keyType: 'bigint' };

/** The table of what is held; `value` is what the lease protects. */
export const CREATE_THINGS = `CREATE TABLE things (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  value text NOT NULL DEFAULT '', is_open boolean NOT NULL DEFAULT true,
  holder text, lease_until timestamptz, fence int NOT NULL DEFAULT 0)`;

export function postgresStage(sql: Postgres): Stage<RowChange> {
  const write = `UPDATE things SET value = $3 WHERE ${heldCondition(THINGS)} RETURNING 1`;
  return {
    lease: postgresLease(sql, THINGS),
    fresh: async () => (await sql.query<{ id: string }>('INSERT INTO things DEFAULT VALUES RETURNING id'))[0]!.id,
    change: (value) => ({ set: 'value = $3', values: [value] }),
    write: async ({ key, token }, value) => (await sql.query(write, [key, token, value])).length === 1,
    value: async (key) =>
      (await sql.query<{ value: string }>('SELECT value FROM things WHERE id = $1', [key]))[0]?.value,
    remove: async (key) => {
      await sql.query('DELETE FROM things WHERE id = $1', [key]);
    },
  };
}

const HOLDER = 'run_id';
const MAKE = `redis.call('HSET', KEYS[1], 'value', '') redis.call('EXPIRE', KEYS[1], 3600)`;
const WRITE = `
  if not ${leaseScript(HOLDER).isHeld} then return 0 end
  redis.call('HSET', KEYS[1], 'value', ARGV[3])
  return 1`;

export function redisStage(redis: RedisConnection): Stage<FieldChange> {
  return {
    lease: redisLease(redis, HOLDER),
    fresh: async () => {
      const key = `esteira:test:lease:${randomUUID()}`;
      await redis.script(MAKE, key);
      return key;
    },
    change: (value) => ['value', value],
    write: async ({ key, holder, token }, value) => (await redis.script(WRITE, key, [holder, token, value])) === 1,
    value: async (key) =>
      ((await redis.script(`return redis.call('HGET', KEYS[1], 'value')`, key)) as string | null) ?? undefined,
    remove: async (key) => {
      await redis.script(`redis.call('DEL', KEYS[1])`, key);
    },
  };
}
