import { hostname } from 'node:os';
import { createLogger } from '@esteira/observability';
import { migrate, openPostgres, type Postgres } from '@esteira/postgres';
import { openRedis, type RedisConnection } from '@esteira/relay';
import { freshDatabase, freshName, serverSetting, type Fresh } from '@esteira/tests/support';
import { patient } from '@esteira/tests/patience';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  heartbeatMigrations,
  postgresRegister,
  redisRegister,
  startedElsewhere,
  startHeartbeat,
  thoseDeclared,
  type KnownProcess,
  type ProcessRegister,
  type ProcessState,
} from '../src/index.ts';

let database: Fresh;
let store: Postgres;
let redis: RedisConnection;

beforeAll(async () => {
  database = await freshDatabase('ENDPUT_DATABASE_URL');
  await migrate(database.url, heartbeatMigrations);
  store = openPostgres({ url: database.url, applicationName: 'tests' });
  redis = openRedis(serverSetting('REDIS_URL'), createLogger({ name: 'test', level: 'silent' }));
});
afterAll(async () => {
  await store.close();
  await redis.close();
  await database.drop();
});

const fine: ProcessState = { why: null, counts: { store: 7 } };

/** A register, and what only a test does to it. */
interface Stage {
  readonly register: () => ProcessRegister;
  /** Puts a process there that was heard so many seconds ago. */
  readonly silence: (pipeline: string, worker: string, seconds: number) => Promise<unknown>;
  /** All that are kept, those that nobody is shown too. */
  readonly kept: (pipeline: string) => Promise<string[]>;
}

const stages: Readonly<Record<string, Stage>> = {
  Postgres: {
    register: () => postgresRegister(store),
    silence: (pipeline, worker, seconds) =>
      store.query(
        `INSERT INTO processes VALUES ($1, 'consumer', $2, 'far', now(), now() - $3 * interval '1 second', $4)`,
        [pipeline, worker, seconds, JSON.stringify(fine)],
      ),
    kept: async (pipeline) =>
      (await store.query<{ worker: string }>('SELECT worker FROM processes WHERE pipeline = $1', [pipeline])).map(
        ({ worker }) => worker,
      ),
  },
  Redis: {
    register: () => redisRegister(redis),
    silence: (pipeline, worker, seconds) => {
      const entry = { role: 'consumer', worker, host: 'far', state: fine };
      const add = `local at = string.format('%d', redis.call('TIME')[1] * 1000 - ARGV[2] * 1000)
        redis.call('HSET', KEYS[1], 'consumer ' .. ARGV[1], at .. ' ' .. at .. ' ' .. ARGV[3])`;
      return redis.script(add, `esteira:processes:${pipeline}`, [worker, seconds, JSON.stringify(entry)]);
    },
    kept: async (pipeline) =>
      ((await redis.script(`return redis.call('HKEYS', KEYS[1])`, `esteira:processes:${pipeline}`)) as string[]).map(
        (field) => field.split(' ')[1] ?? '',
      ),
  },
};

describe.each(Object.entries(stages))('a register in %s', (_, { register, silence, kept }) => {
  const known = (pipeline: string) => register().known(pipeline);
  const workers = async (pipeline: string) => (await known(pipeline)).map(({ worker }) => worker);

  /** A heartbeat of a consumer, fast enough to be waited for. */
  const start = (
    pipeline: string,
    worker: string,
    state = () => Promise.resolve(fine),
    onFault: (error: unknown) => void = () => undefined,
  ) => startHeartbeat(register(), { pipeline, role: 'consumer', worker }, { state, onFault, everyMs: 20 });

  it('ten processes are found wherever they were started, and none of another pipeline', async () => {
    const [pipeline, other] = [freshName('ten'), freshName('other')];
    const names = Array.from({ length: 10 }, (_, i) => `consumer-${i}@host-${i % 5}`);
    const beats = [...names.map((worker) => start(pipeline, worker)), start(other, 'consumer-1@host-1')];
    await vi.waitFor(async () => {
      expect(await workers(pipeline)).toEqual(names);
    }, patient);
    const [first] = await known(pipeline);
    expect(first).toMatchObject({ pipeline, role: 'consumer', host: hostname(), isSilent: false, state: fine });
    expect(Number.isNaN(Date.parse(first?.startedAt ?? ''))).toBe(false);
    await Promise.all(beats.map((beat) => beat.stop()));
    expect(await workers(pipeline)).toEqual([]);
  });

  it('says what a process is at last, since when it runs stays', async () => {
    const pipeline = freshName('states');
    let state: ProcessState = { ...fine, holds: 'run-1' };
    const beat = start(pipeline, 'consumer-1@a', () => Promise.resolve(state));
    await vi.waitFor(async () => {
      expect(await known(pipeline)).toMatchObject([{ state: { holds: 'run-1' } }]);
    }, patient);
    const [before] = await known(pipeline);
    state = { why: 'the broker is away', counts: { store: 9 } };
    await vi.waitFor(async () => {
      const [now] = await known(pipeline);
      expect(now?.state).toEqual(state);
      expect(now?.startedAt).toBe(before?.startedAt);
    }, patient);
    await beat.stop();
  });

  it('one that is not heard is silent first, and forgotten by the others then', async () => {
    const pipeline = freshName('quiet');
    await silence(pipeline, 'consumer-1@far', 20);
    await silence(pipeline, 'consumer-2@far', 100);
    expect(await known(pipeline)).toMatchObject([{ worker: 'consumer-1@far', isSilent: true }]);
    const beat = start(pipeline, 'consumer-3@a');
    await vi.waitFor(async () => {
      expect((await kept(pipeline)).sort()).toEqual(['consumer-1@far', 'consumer-3@a']);
    }, patient);
    await beat.stop();
  });

  it('that takes no beat is told of once, and beats go on until it does', async () => {
    const pipeline = freshName('broken');
    const faults: unknown[] = [];
    let isBroken = true;
    const state = () => (isBroken ? Promise.reject(new Error('not now')) : Promise.resolve(fine));
    const asked = vi.fn(state);
    const beat = start(pipeline, 'consumer-1@a', asked, (error) => faults.push(error));
    await vi.waitFor(() => {
      expect(asked.mock.calls.length).toBeGreaterThan(2);
    }, patient);
    isBroken = false;
    await vi.waitFor(async () => {
      expect(await workers(pipeline)).toHaveLength(1);
    }, patient);
    expect(faults).toEqual([new Error('not now')]);
    await beat.stop();
  });
});

it('processes leave nothing in a Redis that they have all gone from', async () => {
  const pipeline = freshName('gone');
  const register = redisRegister(redis);
  await register.beat({ pipeline, role: 'consumer', worker: 'consumer-1@a' }, null, fine);
  const left = await redis.script(`return redis.call('PTTL', KEYS[1])`, `esteira:processes:${pipeline}`);
  expect(left).toBeGreaterThan(0);
  await register.leave({ pipeline, role: 'consumer', worker: 'consumer-1@a' });
  expect(await redis.script(`return redis.call('EXISTS', KEYS[1])`, `esteira:processes:${pipeline}`)).toBe(0);
});

it('what was started elsewhere is what is left when each declared process was found', () => {
  const known = (worker: string, host: string): KnownProcess => {
    const at = '2026-01-01T00:00:00Z';
    return { pipeline: 'p', role: 'consumer', worker, host, startedAt: at, seenAt: at, isSilent: false, state: fine };
  };
  const all = [
    known('consumer-1@here', 'here'),
    known('consumer-1@there', 'there'),
    known('consumer-2@there', 'there'),
  ];
  const left = (names: string[], answers: boolean, host: string) =>
    startedElsewhere(
      all,
      names.map((name) => ({ name, answers })),
      host,
    ).map(({ worker }) => worker);
  expect(left(['consumer-1'], true, 'here')).toEqual(['consumer-1@there', 'consumer-2@there']);
  // The one of this host has died a moment ago; that of another host is not taken for it.
  expect(left(['consumer-1'], false, 'here')).toEqual(['consumer-1@there', 'consumer-2@there']);
  // In a container a process has another host's name.
  expect(left(['consumer-2'], true, 'here')).toEqual(['consumer-1@here', 'consumer-1@there']);
  expect(left(['consumer-2'], false, 'here')).toEqual(all.map(({ worker }) => worker));
});

it('replicas of one API on one host are told apart by their ports', () => {
  const at = '2026-01-01T00:00:00Z';
  const known = (host: string, port: number): KnownProcess => ({
    ...{ pipeline: 'p', role: 'api', worker: `api-a@${host}:${port}`, host, startedAt: at, seenAt: at },
    ...{ isSilent: false, state: fine },
  });
  const all = [known('here', 8001), known('here', 8011), known('there', 8001)];
  const left = (port: number, answers: boolean, host = 'here') =>
    startedElsewhere(all, [{ name: 'api-a', answers, port }], host).map(({ worker }) => worker);
  expect(left(8011, true)).toEqual(['api-a@here:8001', 'api-a@there:8001']);
  // The declared one is down: that of another port is not taken for it.
  expect(left(8021, false)).toEqual(all.map(({ worker }) => worker));
  // In a container it has another host's name.
  expect(left(8001, true, 'outside')).toEqual(['api-a@here:8011', 'api-a@there:8001']);
  expect(thoseDeclared(all, [{ name: 'api-a', answers: true, port: 8011 }], 'here').get('api-a')).toBe(all[1]);
});
