import { leaseScript } from '@esteira/lease';

/**
 * Every write to a cursor, as Lua: Redis runs a script as a whole, so what it read still holds when it writes. KEYS[1] is
 * the cursor's hash, which a run holds by a lease under its id. KEYS[2] is where an earlier release kept it, if one did.
 */
const { begin: BEGIN, take: TAKE, isHeld: IS_HELD, renew: RENEW } = leaseScript('run_id');

/** What a process of the earlier release finds in place of the cursor: it starts nothing, and a run of its own ends. */
const MOVED_AWAY = JSON.stringify({
  code: 'cursor-moved',
  message:
    'The cursor of this system is kept under another key by a newer release, which goes on with it. End this process; to unblock it here would publish everything again.',
});

/**
 * Brings what KEYS[2] holds to KEYS[1] as it is: position, run, lease, fencing token. A live run of the earlier release
 * keeps it for as long as it lives, and is `elsewhere` then; otherwise false. A cursor that a process of the earlier
 * release has begun anew beside ours is given up: whatever it published is a copy.
 */
const MOVE_HERE = `
  local elsewhere = false
  if KEYS[2] and redis.call('EXISTS', KEYS[2]) == 1 and redis.call('HEXISTS', KEYS[2], 'moved_to') == 0 then
    local clock = redis.call('TIME')
    local former = redis.call('HMGET', KEYS[2], 'status', 'lease_until', 'run_id')
    local silent = tonumber(former[2] or '0') <= clock[1] * 1000 + math.floor(clock[2] / 1000)
    if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('DEL', KEYS[2])
    elseif former[1] == 'RUNNING' and not silent then elsewhere = former[3] or ''
    else redis.call('RENAME', KEYS[2], KEYS[1]) end
    if not elsewhere then
      redis.call('HSET', KEYS[2], 'moved_to', KEYS[1], 'status', 'ERROR', 'run_id', 'moved', 'error', '${MOVED_AWAY}')
    end
  end`;

/** Answers 1 when the cursor is where it belongs, 0 while a live run of an earlier release has it elsewhere. */
export const MOVE = `${MOVE_HERE}
  return elsewhere and 0 or 1`;

const LIVE = `${MOVE_HERE}${BEGIN}
  local status = redis.call('HGET', KEYS[1], 'status')
  live = live and status == 'RUNNING'`;

/** Answers [now, all fields and values, in turn], from wherever the cursor is: who only looks moves nothing. */
export const READ = `${BEGIN}
  local key = KEYS[1]
  if KEYS[2] and redis.call('EXISTS', key) == 0 and redis.call('HEXISTS', KEYS[2], 'moved_to') == 0 then key = KEYS[2] end
  return { now, redis.call('HGETALL', key) }`;

const HOLD = `${TAKE}
  redis.call('HSET', KEYS[1], 'status', 'RUNNING', 'held_since', string.format('%d', now), 'stop', '', 'error', '')`;

/**
 * ARGV: run id, lease in ms, started at, follow ('1' or ''), max attempts.
 * Answers ['started', run id, '', now, fencing token] or ['already-running'|'in-error', run id, error].
 */
export const START = `${LIVE}
  if elsewhere then return { 'already-running', elsewhere, '' } end
  local refusal = live and 'already-running' or status == 'ERROR' and 'in-error'
  if refusal then
    return { refusal, redis.call('HGET', KEYS[1], 'run_id') or '', redis.call('HGET', KEYS[1], 'error') or '' }
  end
  ${HOLD}
  redis.call('HSET', KEYS[1], 'started_at', ARGV[3], 'follow', ARGV[4], 'max_attempts', ARGV[5])
  return { 'started', ARGV[1], '', now, token }`;

/**
 * Takes an interrupted run up, as it was asked for, under another run id: its holder may still be there and only slow.
 * One of an older version, which did not keep what it was asked for, is left to a person.
 * ARGV: run id, lease in ms. Answers ['taken-up', the run id before, follow, max attempts, now, fencing token] or
 * ['nothing'].
 */
export const TAKE_UP = `${LIVE}
  if elsewhere then return { 'nothing' } end
  local before = redis.call('HMGET', KEYS[1], 'run_id', 'follow', 'max_attempts', 'stop')
  if status ~= 'RUNNING' or live or not before[3] then return { 'nothing' } end
  if before[4] and before[4] ~= '' then
    redis.call('HSET', KEYS[1], 'status', 'IDLE', 'stop', '')
    return { 'nothing' }
  end
  ${HOLD}
  return { 'taken-up', before[1] or '', before[2] or '', before[3], now, token }`;

/**
 * ARGV: the run of the asking process that has ended by now, or ''. Answers 'not-running', 'stopped', or 'asked': the
 * holder is another process, and hears of it when it writes next.
 */
export const STOP = `${LIVE}
  if elsewhere then
    redis.call('HSET', KEYS[2], 'stop', '1')
    return 'asked'
  end
  if status ~= 'RUNNING' then return 'not-running' end
  if live and redis.call('HGET', KEYS[1], 'run_id') ~= ARGV[1] then
    redis.call('HSET', KEYS[1], 'stop', '1')
    return 'asked'
  end
  redis.call('HSET', KEYS[1], 'status', 'IDLE', 'stop', '', 'lease_until', '0')
  return 'stopped'`;

/**
 * ARGV: run id, fencing token, lease in ms from now, then fields and values in turn. Answers 'written', or what became of the hash of
 * this run: 'gone' (never made again by a holder), or 'taken' by another run or a stop. 'stop-asked': written, but the
 * run is to end.
 */
export const WRITE = `${BEGIN}
  if redis.call('HEXISTS', KEYS[1], 'run_id') == 0 then return 'gone' end
  if not ${IS_HELD} or redis.call('HGET', KEYS[1], 'status') ~= 'RUNNING' then return 'taken' end
  ${RENEW}
  if #ARGV > 3 then redis.call('HSET', KEYS[1], unpack(ARGV, 4)) end
  if redis.call('HGET', KEYS[1], 'status') ~= 'RUNNING' then
    redis.call('HSET', KEYS[1], 'stop', '')
    return 'written'
  end
  local stop = redis.call('HGET', KEYS[1], 'stop')
  return stop and stop ~= '' and 'stop-asked' or 'written'`;

/** Answers ['cleared'] or ['already-running', run id]. */
export const CLEAR = `${LIVE}
  if elsewhere then return { 'already-running', elsewhere } end
  if live then return { 'already-running', redis.call('HGET', KEYS[1], 'run_id') or '' } end
  redis.call('DEL', KEYS[1])
  return { 'cleared' }`;

/** Answers 1 when the cursor was in ERROR and no longer is. */
export const UNBLOCK = `${MOVE_HERE}
  if redis.call('HGET', KEYS[1], 'status') ~= 'ERROR' then return 0 end
  redis.call('HSET', KEYS[1], 'status', 'IDLE', 'error', '')
  return 1`;
