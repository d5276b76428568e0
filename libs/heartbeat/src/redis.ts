import { hostname } from 'node:os';
import type { KnownProcess } from './processes.ts';
import { GONE_SECONDS, SILENT_SECONDS, type ProcessRegister, type Registered } from './register.ts';

/** What runs a Lua script on one key. */
export interface ScriptConnection {
  script(lua: string, key: string, args?: readonly (string | number)[]): Promise<unknown>;
}

/** The hash of the processes of a pipeline: a field each, `<started at> <seen at> <JSON>`, in milliseconds of Redis's clock. */
const keyOf = (pipeline: string) => `esteira:processes:${pipeline}`;
const fieldOf = ({ role, worker }: Pick<Registered, 'role' | 'worker'>) => `${role} ${worker}`;

const NOW = `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/**
 * ARGV: field, started at or '', JSON, after how many milliseconds a silent one is forgotten. Answers started at. The
 * last to be forgotten goes with the hash.
 */
const BEAT = `${NOW}
  local started = ARGV[2] == '' and string.format('%d', now) or ARGV[2]
  redis.call('HSET', KEYS[1], ARGV[1], started .. string.format(' %d ', now) .. ARGV[3])
  local all = redis.call('HGETALL', KEYS[1])
  for i = 2, #all, 2 do
    local seen = tonumber(string.match(all[i], '^%d+ (%d+) ') or '0')
    if seen < now - ARGV[4] then redis.call('HDEL', KEYS[1], all[i - 1]) end
  end
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
  return started`;

/** Answers [now, all fields and values, in turn]. */
const KNOWN = `${NOW}
  return { now, redis.call('HGETALL', KEYS[1]) }`;

/** ARGV: field. */
const LEAVE = `redis.call('HDEL', KEYS[1], ARGV[1])`;

/** What a process writes of itself. */
type Entry = Pick<KnownProcess, 'role' | 'worker' | 'host' | 'state'>;

/** Processes that work on a Redis: a field of one hash a pipeline. A beat is one round trip. */
export function redisRegister(redis: ScriptConnection): ProcessRegister {
  return {
    beat: async (registered, startedAt, state) => {
      const { pipeline, role, worker } = registered;
      const entry: Entry = { role, worker, host: hostname(), state };
      const args = [fieldOf(registered), startedAt ?? '', JSON.stringify(entry), GONE_SECONDS * 1_000];
      return (await redis.script(BEAT, keyOf(pipeline), args)) as string;
    },
    leave: async (registered) => {
      await redis.script(LEAVE, keyOf(registered.pipeline), [fieldOf(registered)]);
    },
    known: async (pipeline) => {
      const [now, all] = (await redis.script(KNOWN, keyOf(pipeline))) as [number, string[]];
      return all
        .flatMap((value, index) => (index % 2 === 0 ? [] : [processOf(pipeline, value, now)]))
        .filter(({ seenAt }) => Date.parse(seenAt) >= now - GONE_SECONDS * 1_000)
        .sort((one, other) => (fieldOf(one) < fieldOf(other) ? -1 : 1));
    },
  };
}

function processOf(pipeline: string, value: string, now: number): KnownProcess {
  const [started = '', seen = ''] = value.split(' ', 2);
  const entry = JSON.parse(value.slice(started.length + seen.length + 2)) as Entry;
  return {
    pipeline,
    ...entry,
    startedAt: new Date(Number(started)).toISOString(),
    seenAt: new Date(Number(seen)).toISOString(),
    isSilent: Number(seen) < now - SILENT_SECONDS * 1_000,
  };
}
