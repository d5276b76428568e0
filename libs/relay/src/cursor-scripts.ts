/**
 * Every write to a cursor, as Lua: Redis runs a script as a whole, so what it read still holds when it writes. Time is
 * Redis's own, in milliseconds: holders on several machines need not agree about it. KEYS[1] is the cursor's hash.
 */
const NOW = `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

const LIVE = `
  local status = redis.call('HGET', KEYS[1], 'status')
  local live = status == 'RUNNING' and tonumber(redis.call('HGET', KEYS[1], 'lease_until') or '0') > now`;

/** Answers [now, all fields and values, in turn]. */
export const READ = `${NOW}
  return { now, redis.call('HGETALL', KEYS[1]) }`;

/** ARGV: run id, lease in ms, started at. Answers ['started'|'already-running'|'in-error', run id, error]. */
export const START = `${NOW}${LIVE}
  local refusal = live and 'already-running' or status == 'ERROR' and 'in-error'
  if refusal then
    return { refusal, redis.call('HGET', KEYS[1], 'run_id') or '', redis.call('HGET', KEYS[1], 'error') or '' }
  end
  redis.call('HSET', KEYS[1], 'status', 'RUNNING', 'run_id', ARGV[1], 'started_at', ARGV[3], 'error', '',
    'lease_until', string.format('%d', now + ARGV[2]))
  return { 'started', ARGV[1], '' }`;

/**
 * ARGV: run id, lease in ms from now, then fields and values in turn. Answers 'written', or what became of the hash of
 * this run: 'gone' (never made again by a holder) or 'taken' by another run.
 */
export const WRITE = `${NOW}
  local holder = redis.call('HGET', KEYS[1], 'run_id')
  if not holder then return 'gone' end
  if holder ~= ARGV[1] then return 'taken' end
  redis.call('HSET', KEYS[1], 'lease_until', string.format('%d', now + ARGV[2]), unpack(ARGV, 3))
  return 'written'`;

/** Answers ['cleared'] or ['already-running', run id]. */
export const CLEAR = `${NOW}${LIVE}
  if live then return { 'already-running', redis.call('HGET', KEYS[1], 'run_id') or '' } end
  redis.call('DEL', KEYS[1])
  return { 'cleared' }`;

/** Answers 1 when the cursor was in ERROR and no longer is. */
export const UNBLOCK = `
  if redis.call('HGET', KEYS[1], 'status') ~= 'ERROR' then return 0 end
  redis.call('HSET', KEYS[1], 'status', 'IDLE', 'error', '')
  return 1`;
