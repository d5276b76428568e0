import { Redis } from 'ioredis';
import { outageOf, type Logger } from '@esteira/observability';
import { faultText } from './fault-text.ts';

/** Redis didn't do what it was asked: not there, too slow, or it refused. */
export class RedisFault extends Error {
  constructor(message: string, cause: unknown) {
    super(message, { cause });
    this.name = 'RedisFault';
  }
}

/** One connection to Redis. Commands fail fast while it is down; it comes back by itself. */
export interface RedisConnection {
  /** Runs a script on one key, or on several. Rejects with a RedisFault. */
  script(lua: string, keys: string | readonly string[], args?: readonly (string | number)[]): Promise<unknown>;
  /** Rejects with a RedisFault unless Redis answers and never evicts keys. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

/** How long a command may take, in milliseconds; scripts on one hash take well below one. */
const COMMAND_TIMEOUT_MS = 2_000;
const LONGEST_RECONNECT_MS = 2_000;

/** Opens the connection in the background. An outage is one line in the log, however often it is tried. */
export function openRedis(url: string, logger: Logger): RedisConnection {
  const { host } = new URL(url);
  const redis = new Redis(url, {
    connectionName: 'esteira-relay',
    protocol: 2,
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: COMMAND_TIMEOUT_MS,
    // A peer that is gone without a word would be asked on the same connection for ever.
    socketTimeout: COMMAND_TIMEOUT_MS,
    // A command waits for the first answer of a connection that is being made, and never for the second.
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    retryStrategy: (times) => Math.min(LONGEST_RECONNECT_MS, 50 * 2 ** Math.min(times, 10)) * (0.5 + Math.random() / 2),
  });
  const told = outageOf(`Redis at ${host}`, logger);
  let outage: Error | undefined;
  redis.on('error', (error: Error) => {
    told.failed(error);
    outage = error;
  });
  redis.on('ready', () => {
    told.answered();
    outage = undefined;
  });
  const asked = async <T>(answer: Promise<T>): Promise<T> =>
    answer.catch((error: unknown) => {
      throw new RedisFault(`Redis at ${host}: ${faultText(outage ?? error)}`, error);
    });
  return {
    script: (lua, keys, args = []) => {
      const all = [keys].flat();
      return asked(redis.eval(lua, all.length, ...all, ...args));
    },
    ready: async () => {
      refuseEviction(host, await asked(redis.info('memory')));
    },
    close: async () => {
      // QUIT waits for what is under way; without a connection there is nothing to wait for.
      await redis.quit().catch(() => undefined);
      redis.disconnect();
    },
  };
}

/** Evicting a cursor would publish everything again, without a word. */
function refuseEviction(host: string, memory: string): void {
  const policy = /^maxmemory_policy:(\S+)/m.exec(memory)?.[1];
  if (policy === 'noeviction') return;
  const message = `Redis at ${host} has maxmemory-policy ${policy ?? 'unknown'} and may drop cursors. Set it to noeviction.`;
  throw new RedisFault(message, undefined);
}
