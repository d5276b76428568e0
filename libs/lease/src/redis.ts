import type { Lease } from './lease.ts';

/** What runs a Lua script on one key. */
export interface ScriptConnection {
  script(lua: string, key: string, args?: readonly (string | number)[]): Promise<unknown>;
}

/** Fields and values of the same hash that a renewal or a release writes, in turn. */
export type FieldChange = readonly (string | number)[];

/**
 * Parts of Lua scripts on a hash that is held: `KEYS[1]`, with the fields `lease_until`, `fence`, and one for the holder.
 * Redis runs a script as a whole, so what it read still holds when it writes. Times are Redis's own, in milliseconds.
 */
export interface LeaseScript {
  /** To begin with: `now`, and whether a holder's lease is not over, `live`. */
  readonly begin: string;
  /** Takes it for the holder `ARGV[1]` and `ARGV[2]` ms; `token` is the holder's then. */
  readonly take: string;
  /**
   * Whether `ARGV[1]` holds it with the token `ARGV[2]`. The holder is compared too: a Redis that was emptied begins to
   * count again. So a holder's name is to be drawn anew each time.
   */
  readonly isHeld: string;
  /** Holds on for `ARGV[3]` ms. */
  readonly renew: string;
}

/** @param holder the field that names the holder */
export function leaseScript(holder: string): LeaseScript {
  const until = (ms: string) => `string.format('%d', now + ${ms})`;
  return {
    begin: `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local live = tonumber(redis.call('HGET', KEYS[1], 'lease_until') or '0') > now`,
    take: `
  local token = redis.call('HINCRBY', KEYS[1], 'fence', 1)
  redis.call('HSET', KEYS[1], '${holder}', ARGV[1], 'lease_until', ${until('ARGV[2]')})`,
    isHeld: `(redis.call('HGET', KEYS[1], '${holder}') == ARGV[1] and redis.call('HGET', KEYS[1], 'fence') == ARGV[2])`,
    renew: `
  redis.call('HSET', KEYS[1], 'lease_until', ${until('ARGV[3]')})`,
  };
}

/** Leases in hashes. One round trip each; they are as durable as Redis is, which may have lost the last second. */
export function redisLease(redis: ScriptConnection, holderField = 'holder'): Lease<FieldChange> {
  const { begin, take, isHeld, renew } = leaseScript(holderField);
  const takeScript = `${begin}
  if live then return 0 end
  ${take}
  return token`;
  const renewScript = `${begin}
  if not ${isHeld} then return 0 end
  ${renew}
  if #ARGV > 3 then redis.call('HSET', KEYS[1], unpack(ARGV, 4)) end
  return 1`;
  return {
    async take(key, holder, forMs) {
      const token = (await redis.script(takeScript, key, [holder, forMs])) as number;
      return token === 0 ? undefined : { key, holder, token };
    },
    async renew({ key, holder, token }, forMs, change = []) {
      return (await redis.script(renewScript, key, [holder, token, forMs, ...change])) === 1 ? 'renewed' : 'lost';
    },
    async release({ key, holder, token }, change = []) {
      await redis.script(renewScript, key, [holder, token, 0, ...change]);
    },
  };
}
