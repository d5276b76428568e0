import { patient } from '@esteira/tests/patience';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openCursor, type Cursor } from '../src/cursor.ts';
import { cursorKey, unnamedCursorKey, type CursorName } from '../src/keys.ts';
import { freshSystem, memoryBroker, memorySource, nameOf, positionAt, redisHere, relayOf, runOver } from './support.ts';

/** What a process of an earlier release does to the hash that it knows: the scripts are that release's. */
const EARLIER_WRITE = `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
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
const EARLIER_START = `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local status = redis.call('HGET', KEYS[1], 'status')
  local live = status == 'RUNNING' and tonumber(redis.call('HGET', KEYS[1], 'lease_until') or '0') > now
  local refusal = live and 'already-running' or status == 'ERROR' and 'in-error'
  if refusal then
    return { refusal, redis.call('HGET', KEYS[1], 'run_id') or '', redis.call('HGET', KEYS[1], 'error') or '' }
  end
  redis.call('HSET', KEYS[1], 'status', 'RUNNING', 'run_id', ARGV[1], 'held_since', string.format('%d', now), 'stop', '',
    'error', '', 'lease_until', string.format('%d', now + ARGV[2]))
  return { 'started', ARGV[1], '', now }`;

const LIVE = String(Date.UTC(9999, 0));
const request = { maxAttempts: 5 };
const at = new Date('2026-01-01T00:00:00Z');
const source = { database: 'shop', schema: 'public', table: 'things', system_identifier: '7431', timeline: '1' };

/** A cursor where an earlier release kept it: the n-th row is confirmed; a run of that release has it, or had it. */
interface Earlier {
  readonly name: CursorName;
  /** As a process of this release. */
  readonly open: () => Cursor;
  /** Every field, by the key of this release and of the earlier one. */
  readonly hashes: () => Promise<{ now: Record<string, string>; former: Record<string, string> }>;
  /** As a process of the earlier release. */
  readonly write: (runId: string, fields?: Record<string, string>) => Promise<unknown>;
  readonly start: (runId: string) => Promise<unknown>;
}

async function earlier(fields: Record<string, string>): Promise<Earlier> {
  const system = freshSystem();
  const formerKey = unnamedCursorKey(system);
  const name = { ...nameOf(system), formerKey };
  const redis = redisHere();
  const position = { last_transaction_id: positionAt(10).transactionId, last_id: '10', published_count: '10' };
  const all = Object.entries({ ...source, ...position, ...fields }).flat();
  await redis.script(`return redis.call('HSET', KEYS[1], unpack(ARGV))`, formerKey, all);
  onTestFinished(async () => {
    const last = redisHere();
    await last.script(`return redis.call('DEL', KEYS[1])`, formerKey);
  });
  const hash = async (key: string) => {
    const flat = (await redis.script(`return redis.call('HGETALL', KEYS[1])`, key)) as string[];
    return Object.fromEntries(flat.flatMap((field, i) => (i % 2 === 0 ? [[field, flat[i + 1] ?? '']] : [])));
  };
  return {
    name,
    open: () => openCursor(redisHere(), name),
    hashes: async () => ({ now: await hash(cursorKey(name)), former: await hash(formerKey) }),
    write: (runId, more = {}) =>
      redis.script(EARLIER_WRITE, formerKey, [runId, 60_000, ...Object.entries({ follow: '', ...more }).flat()]),
    start: (runId) => redis.script(EARLIER_START, formerKey, [runId, 60_000]),
  };
}

const finished = { status: 'FINISHED', run_id: 'old', lease_until: '1', max_attempts: '5', follow: '', fence: '3' };
const interrupted = { ...finished, status: 'RUNNING' };
const live = { ...interrupted, lease_until: LIVE };

describe('a cursor that an earlier release kept under a key without its pipeline', () => {
  it.each([
    ['finished', finished],
    ['interrupted', interrupted],
    ['in ERROR', { ...finished, status: 'ERROR', error: '{"code":"unroutable","message":"no queue"}' }],
    ['asked to stop', { ...interrupted, stop: '1' }],
  ])('and that is %s is moved once, with every field as it is', async (_, fields) => {
    const { open, hashes } = await earlier(fields);
    const before = (await hashes()).former;
    const cursor = open();
    const view = await cursor.read();
    expect(await cursor.move()).toBe(true);
    const after = await hashes();
    expect(after.now).toEqual(before);
    expect(after.former).toMatchObject({ status: 'ERROR', run_id: 'moved' });
    expect(await cursor.read()).toEqual(view);
    expect(await cursor.move()).toBe(true);
    expect(await hashes()).toEqual(after);
  });

  it('is moved by one of two processes that start at once, and one run starts, with the next fencing token', async () => {
    const { open, hashes } = await earlier(finished);
    const cursors = Array.from({ length: 6 }, open);
    const answers = await Promise.all(
      cursors.map(async (cursor, i) => {
        if (i % 2 === 0) await cursor.move();
        return cursor.start(`new-${i}`, 60_000, at, request);
      }),
    );
    const started = answers.filter(({ kind }) => kind === 'started');
    expect(started).toMatchObject([{ token: 4 }]);
    expect((await hashes()).now).toMatchObject({ last_id: '10', published_count: '10', fence: '4', status: 'RUNNING' });
  });

  it('is seen by who only looks, and stays where it is', async () => {
    const { open, hashes } = await earlier(live);
    expect(await open().read()).toMatchObject({ status: 'RUNNING', runId: 'old', lastId: '10', publishedCount: 10 });
    expect((await hashes()).now).toEqual({});
  });

  it('is forgotten when it is cleared, and does not come back', async () => {
    const { open, hashes } = await earlier(finished);
    expect(await open().clear()).toMatchObject({ kind: 'cleared' });
    expect(await open().read()).toEqual({ status: 'IDLE', interrupted: false, publishedCount: 0 });
    expect(await open().move()).toBe(true);
    expect((await hashes()).now).toEqual({});
  });

  it('is not taken over by a pipeline that never had another key', async () => {
    const { name } = await earlier(finished);
    const other = openCursor(redisHere(), { pipeline: 'others', system: name.system });
    expect(await other.move()).toBe(true);
    expect(await other.read()).toMatchObject({ status: 'IDLE', publishedCount: 0 });
  });
});

describe('beside a process of the earlier release', () => {
  it('whose run lives, nothing is moved, no run starts, and a stop reaches it', async () => {
    const { open, hashes, write } = await earlier(live);
    const cursor = open();
    expect(await cursor.move()).toBe(false);
    expect(await cursor.start('new', 60_000, at, request)).toEqual({ kind: 'already-running', runId: 'old' });
    expect(await cursor.takeUp('new', 60_000)).toBeUndefined();
    expect(await cursor.clear()).toEqual({ kind: 'already-running', runId: 'old' });
    expect(await write('old', { last_id: '11' })).toBe('written');
    expect(await cursor.stop()).toBe('asked');
    expect(await write('old')).toBe('stop-asked');
    expect(await write('old', { status: 'IDLE' })).toBe('written');
    expect(await cursor.stop()).toBe('not-running');
    expect((await hashes()).now).toMatchObject({ status: 'IDLE', last_id: '11' });
  });

  it('whose run stood still, it is taken up, and whatever that process does then changes nothing', async () => {
    const { open, hashes, write, start } = await earlier(interrupted);
    const cursor = open();
    const taken = await cursor.takeUp('new', 60_000);
    expect(taken).toMatchObject({ before: 'old', token: 4 });
    const before = await hashes();
    expect(await write('old', { last_id: '99' })).toBe('taken');
    expect(await start('older')).toMatchObject(['in-error', 'moved', expect.stringContaining('newer release')]);
    expect(await hashes()).toEqual(before);
    expect(await cursor.write({ runId: 'new', token: 4 }, 60_000, { position: positionAt(20) })).toBe('written');
  });

  it('that has begun the cursor anew, ours stays, and its run ends at its next write', async () => {
    const { open, hashes, write, start, name } = await earlier(finished);
    const cursor = open();
    await cursor.move();
    // As its `clear` and `run` do it.
    await redisHere().script(`return redis.call('DEL', KEYS[1])`, name.formerKey ?? '');
    expect(await start('anew')).toEqual(expect.arrayContaining(['started', 'anew']));
    expect(await cursor.start('new', 60_000, at, request)).toMatchObject({ kind: 'started', token: 4 });
    expect(await write('anew', { last_id: '1' })).toBe('taken');
    expect((await hashes()).now).toMatchObject({ run_id: 'new', last_id: '10' });
  });

  it('a relay waits until its run is silent, and goes on with the row after the last one that it confirmed', async () => {
    const { name, write, hashes } = await earlier(live);
    const broker = memoryBroker();
    const relay = relayOf({ system: name.system, cursor: name, source: memorySource(35), publish: broker.publish });
    relay.watch();
    expect(await relay.run(request)).toMatchObject({ started: false, refusal: { runId: 'old' } });
    const confirmed = { last_id: '20', last_transaction_id: positionAt(20).transactionId, published_count: '20' };
    expect(await write('old', confirmed)).toBe('written');
    // It is killed: its lease runs out, here at once.
    await redisHere().script(`return redis.call('HSET', KEYS[1], 'lease_until', '1')`, name.formerKey ?? '');
    await vi.waitFor(async () => {
      expect((await hashes()).now).toMatchObject({ published_count: '35' });
    }, patient);
    expect(await runOver(relay)).toMatchObject({ status: 'FINISHED', lastId: '35', publishedCount: 35 });
    expect(broker.confirmed).toEqual(Array.from({ length: 15 }, (_, i) => 21 + i));
    expect(await write('old', { last_id: '30' })).toBe('taken');
  });
});
