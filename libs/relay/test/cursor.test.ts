import { patient } from '@esteira/tests/patience';
import { expect, it, describe, vi } from 'vitest';
import { cursorOf, freshSystem, keyOf, positionAt, redisHere, started } from './support.ts';

const source = { database: 'shop', schema: 'public', table: 'things', systemIdentifier: '7431', timeline: '1' };
const at = new Date('2026-01-01T00:00:00Z');
const request = { maxAttempts: 5 };
const recent = expect.any(Number) as number;

describe('a cursor', () => {
  it('is IDLE and has no position before the first run', async () => {
    expect(await cursorOf(freshSystem()).read()).toEqual({ status: 'IDLE', interrupted: false, publishedCount: 0 });
  });

  it('reads back what its run wrote', async () => {
    const cursor = cursorOf(freshSystem());
    const a = await started(cursor, 'a');
    expect(await cursor.write(a, 60_000, { source, position: positionAt(7), publishedCount: 7 })).toBe('written');
    expect(await cursor.read()).toEqual({
      status: 'RUNNING',
      interrupted: false,
      runId: 'a',
      follow: false,
      maxAttempts: 5,
      heldSince: recent,
      startedAt: '2026-01-01T00:00:00.000Z',
      lastTransactionId: '101',
      lastId: '7',
      publishedCount: 7,
      ...source,
    });
  });

  it('starts one of many runs that start at once', async () => {
    const system = freshSystem();
    const cursors = Array.from({ length: 5 }, () => cursorOf(system));
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all(cursors.map((cursor, i) => cursor.start(`${round}-${i}`, 60_000, at, request)));
      expect(answers.filter(({ kind }) => kind === 'started')).toHaveLength(1);
      const winner = answers.findIndex(({ kind }) => kind === 'started');
      for (const answer of answers.filter(({ kind }) => kind !== 'started')) {
        expect(answer).toEqual({ kind: 'already-running', runId: `${round}-${winner}` });
      }
      const answer = answers[winner];
      if (answer?.kind !== 'started') throw new Error('nobody won');
      await cursors[0]?.write({ runId: `${round}-${winner}`, token: answer.token }, 0);
    }
  });

  it('counts as interrupted when its lease is over, and may be started again, once', async () => {
    const cursor = cursorOf(freshSystem());
    await cursor.start('a', 50, at, request);
    await vi.waitFor(async () => {
      expect(await cursor.read()).toMatchObject({ status: 'RUNNING', interrupted: true });
    }, patient);
    const answers = await Promise.all(['b', 'c'].map((run) => cursor.start(run, 60_000, at, request)));
    expect(answers.map(({ kind }) => kind).sort()).toEqual(['already-running', 'started']);
  });

  it('keeps its position and count from run to run', async () => {
    const cursor = cursorOf(freshSystem());
    const a = await started(cursor, 'a');
    await cursor.write(a, 0, { status: 'FINISHED', position: positionAt(7), publishedCount: 7 });
    expect(await cursor.start('b', 60_000, at, request)).toEqual({
      kind: 'started',
      heldSince: recent,
      token: a.token + 1,
    });
    expect(await cursor.read()).toMatchObject({ runId: 'b', lastId: '7', publishedCount: 7 });
  });

  it('takes nothing from a run whose lease was over and whose cursor is taken', async () => {
    const cursor = cursorOf(freshSystem());
    const a = await started(cursor, 'a', 0);
    const b = await started(cursor, 'b');
    await cursor.write(b, 60_000, { position: positionAt(20) });
    expect(await cursor.write(a, 60_000, { position: positionAt(10) })).toBe('taken');
    expect(await cursor.read()).toMatchObject({ runId: 'b', lastId: '20' });
  });

  it('of an earlier release is taken over when its lease is over, and its run writes nothing any more', async () => {
    const system = freshSystem();
    const redis = redisHere();
    // What a run of a release without fencing tokens leaves behind.
    const fields = ['status', 'RUNNING', 'run_id', 'old', 'lease_until', '1', 'follow', '1', 'max_attempts', '5'];
    await redis.script(`return redis.call('HSET', KEYS[1], unpack(ARGV))`, keyOf(system), fields);
    const cursor = cursorOf(system);
    expect(await cursor.read()).toMatchObject({ status: 'RUNNING', interrupted: true, runId: 'old', follow: true });
    const taken = await cursor.takeUp('new', 60_000);
    expect(taken).toMatchObject({ before: 'old', request: { maxAttempts: 5, follow: true }, token: 1 });
    expect(await cursor.write({ runId: 'old', token: 1 }, 60_000, { position: positionAt(10) })).toBe('taken');
    expect(await cursor.write({ runId: 'new', token: 1 }, 60_000, { position: positionAt(20) })).toBe('written');
  });

  it('is not made again by a run that held it when it is gone', async () => {
    const system = freshSystem();
    const cursor = cursorOf(system);
    const a = await started(cursor, 'a');
    await redisHere().script(`return redis.call('DEL', KEYS[1])`, keyOf(system));
    expect(await cursor.write(a, 60_000, { status: 'FINISHED' })).toBe('gone');
    expect(await cursor.read()).toEqual({ status: 'IDLE', interrupted: false, publishedCount: 0 });
  });

  it('is cleared unless a live run holds it', async () => {
    const cursor = cursorOf(freshSystem());
    const a = await started(cursor, 'a');
    expect(await cursor.clear()).toEqual({ kind: 'already-running', runId: 'a' });
    await cursor.write(a, 0);
    expect(await cursor.clear()).toMatchObject({ kind: 'cleared' });
    expect(await cursor.read()).toMatchObject({ status: 'IDLE' });
  });

  it('stays in ERROR until it is unblocked, and keeps its position', async () => {
    const cursor = cursorOf(freshSystem());
    const error = { code: 'unroutable', message: 'm came back: "primary"' };
    const a = await started(cursor, 'a');
    await cursor.write(a, 0, { status: 'ERROR', error, position: positionAt(7) });
    expect(await cursor.start('b', 60_000, at, request)).toEqual({ kind: 'in-error', runId: 'a', error });
    expect(await cursor.read()).toMatchObject({ status: 'ERROR', error, lastId: '7' });
    expect(await cursor.unblock()).toBe(true);
    expect(await cursor.unblock()).toBe(false);
    const view = await cursor.read();
    expect(view).toMatchObject({ status: 'IDLE', lastId: '7' });
    expect(view).not.toHaveProperty('error');
  });
});
