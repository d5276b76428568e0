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

const HOLD = `'status', 'RUNNING', 'run_id', ARGV[1], 'held_since', string.format('%d', now), 'stop', '', 'error', '',
    'lease_until', string.format('%d', now + ARGV[2])`;

/**
 * ARGV: run id, lease in ms, started at, follow ('1' or ''), max attempts.
 * Answers ['started', run id, '', now] or ['already-running'|'in-error', run id, error].
 */
export const START = `${NOW}${LIVE}
  local refusal = live and 'already-running' or status == 'ERROR' and 'in-error'
  if refusal then
    return { refusal, redis.call('HGET', KEYS[1], 'run_id') or '', redis.call('HGET', KEYS[1], 'error') or '' }
  end
  redis.call('HSET', KEYS[1], ${HOLD}, 'started_at', ARGV[3], 'follow', ARGV[4], 'max_attempts', ARGV[5])
  return { 'started', ARGV[1], '', now }`;

/**
 * Takes an interrupted run up, as it was asked for, under another run id: its holder may still be there and only slow.
 * One of an older version, which did not keep what it was asked for, is left to a person.
 * ARGV: run id, lease in ms. Answers ['taken-up', the run id before, follow, max attempts, now] or ['nothing'].
 */
export const TAKE_UP = `${NOW}${LIVE}
  local before = redis.call('HMGET', KEYS[1], 'run_id', 'follow', 'max_attempts', 'stop')
  if status ~= 'RUNNING' or live or not before[3] then return { 'nothing' } end
  if before[4] and before[4] ~= '' then
    redis.call('HSET', KEYS[1], 'status', 'IDLE', 'stop', '')
    return { 'nothing' }
  end
  redis.call('HSET', KEYS[1], ${HOLD})
  return { 'taken-up', before[1] or '', before[2] or '', before[3], now }`;

/**
 * ARGV: the run of the asking process that has ended by now, or ''. Answers 'not-running', 'stopped', or 'asked': the
 * holder is another process, and hears of it when it writes next.
 */
export const STOP = `${NOW}${LIVE}
  if status ~= 'RUNNING' then return 'not-running' end
  if live and redis.call('HGET', KEYS[1], 'run_id') ~= ARGV[1] then
    redis.call('HSET', KEYS[1], 'stop', '1')
    return 'asked'
  end
  redis.call('HSET', KEYS[1], 'status', 'IDLE', 'stop', '', 'lease_until', '0')
  return 'stopped'`;

/**
 * ARGV: run id, lease in ms from now, then fields and values in turn. Answers 'written', or what became of the hash of
 * this run: 'gone' (never made again by a holder), or 'taken' by another run or a stop. 'stop-asked': written, but the
 * run is to end.
 */
export const WRITE = `${NOW}
  local holder = redis.call('HGET', KEYS[1], 'run_id')
  if not holder then return 'gone' end
  if holder ~= ARGV[1] or redis.call('HGET', KEYS[1], 'status') ~= 'RUNNING' then return 'taken' end
  redis.call('HSET', KEYS[1], 'lease_until', string.format('%d', now + ARGV[2]), unpack(ARGV, 3))
  if redis.call('HGET', KEYS[1], 'status') ~= 'RUNNING' then
    redis.call('HSET', KEYS[1], 'stop', '')
    return 'written'
  end
  local stop = redis.call('HGET', KEYS[1], 'stop')
  return stop and stop ~= '' and 'stop-asked' or 'written'`;

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
