import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pauseJob, resumeJob, runJob, type JobRunnerOptions } from '../src/index.ts';
import { decideStretch, type NextItem } from '../src/jobs/lanes.ts';
import {
  deadLetterOf,
  forever,
  idOf,
  openThings,
  redrive,
  rows,
  runnerOf,
  until,
  type ThingsEndput,
} from './support/things.ts';

const items = (...lanes: (string | null)[]): NextItem[] => lanes.map((lane, index) => ({ ordinal: index + 1, lane }));
const left = (counts: object) => new Map<string | null, number>(Object.entries(counts));

describe('how far a job goes', () => {
  it.each([
    {
      what: 'goes over all where every lane has room',
      next: items('a', 'b', 'a'),
      full: [],
      is: { upTo: 3, putOff: [] },
    },
    {
      what: 'puts off what goes to a full lane',
      next: items('a', 'b', 'a', 'b'),
      full: ['b'],
      is: { upTo: 4, putOff: [2, 4] },
    },
    {
      what: 'ends at the last that it may send',
      next: items('b', 'a', 'b', 'a', 'a'),
      full: ['b'],
      most: 2,
      is: { upTo: 4, putOff: [1, 3] },
    },
    {
      what: 'puts off all that comes next where what has room comes later',
      next: items('b', 'b'),
      full: ['b'],
      is: { upTo: 2, putOff: [1, 2] },
    },
    {
      what: 'does not wait for a dead letter that is gone',
      next: items('b', null),
      full: ['b'],
      is: { upTo: 2, putOff: [1] },
    },
  ])('$what', ({ next, full, most = 10, is: stretch }) => {
    expect(decideStretch(next, left({ a: 5, b: 5 }), new Set(full), most)).toEqual({ kind: 'go', stretch });
  });

  it('waits where all that is left goes to full lanes, and names these', () => {
    const decision = decideStretch(items('b', 'c'), left({ a: 0, b: 5, c: 1 }), new Set(['a', 'b', 'c']), 10);
    expect(decision).toEqual({ kind: 'wait', full: ['b', 'c'] });
  });

  it('sends nothing to a full lane, and never waits while something left goes to a lane with room', () => {
    const lane = fc.constantFrom<string | null>('a', 'b', 'c', null);
    const lanes = fc.array(lane, { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(
        lanes,
        fc.subarray(['a', 'b', 'c']),
        fc.nat(19),
        fc.integer({ min: 1, max: 9 }),
        (all, closed, n, most) => {
          const next = items(...all.slice(0, n + 1));
          const full = new Set(closed);
          const counts = new Map([...Map.groupBy(all, (one) => one)].map(([one, some]) => [one, some.length]));
          const decision = decideStretch(next, counts, full, most);
          const hasRoom = (one: string | null) => one === null || !full.has(one);
          expect(decision.kind).toBe(all.some(hasRoom) ? 'go' : 'wait');
          if (decision.kind === 'wait') return;
          const { upTo, putOff } = decision.stretch;
          const passed = next.filter(({ ordinal }) => ordinal <= upTo);
          const sent = passed.filter(({ ordinal }) => !putOff.includes(ordinal));
          expect(passed.length).toBeGreaterThan(0);
          expect(sent.every((one) => hasRoom(one.lane))).toBe(true);
          expect(sent.length).toBeLessThanOrEqual(most);
          expect(putOff.every((ordinal) => !hasRoom(next[ordinal - 1]!.lane))).toBe(true);
        },
      ),
    );
  });
});

describe('a job of two lanes, one of which is full,', () => {
  let endput: ThingsEndput;
  beforeAll(async () => (endput = await openThings()));
  afterAll(() => endput.close());
  beforeEach(() => endput.empty());

  /** Rows that go to `express` in runs of `length`, then as many to `primary`. */
  const laneOfRow = (row: number, length: number) => (Math.floor((row - 1) / length) % 2 === 0 ? 'express' : 'primary');
  const write = (count: number, length: number) =>
    endput.write(...rows(count).map((row) => deadLetterOf(row, { lane: laneOfRow(row, length) })));
  const ofLane = (lane: string, count: number, length: number) =>
    rows(count)
      .filter((row) => laneOfRow(row, length) === lane)
      .map((row) => idOf(row));

  const withDepths = (depths: ReadonlyMap<string, number>, changes: Partial<JobRunnerOptions> = {}) =>
    runnerOf(endput, {
      ...{ batch: 10, leaseMs: 300, laneDepth: (lane) => Promise.resolve(depths.get(lane) ?? 0) },
      ...changes,
    });

  it.each([
    { what: 'by turns', length: 1 },
    { what: 'in stretches longer than a batch', length: 25 },
    { what: 'first', length: 50 },
  ])(
    'sends what goes to the other one, and the rest when there is room: where the full one comes $what',
    async (given) => {
      await write(100, given.length);
      const depths = new Map([['express', 2_000]]);
      const runner = withDepths(depths);
      const job = await endput.create(redrive());
      const running = runJob(runner, job.id, forever);
      await until(async () => (await endput.read(job)).note === 'waits for the lane express to drain to 1000 messages');
      expect(runner.sent.map(({ messageId }) => messageId)).toEqual(ofLane('primary', 100, given.length));
      expect(await endput.read(job)).toMatchObject({ state: 'running', total: 100, handled: 50, done: 50 });
      depths.clear();
      await running;
      expect(runner.sent.slice(50).map(({ messageId }) => messageId)).toEqual(ofLane('express', 100, given.length));
      expect(await endput.read(job)).toMatchObject({ state: 'finished', total: 100, handled: 100, done: 100 });
      expect(runner.faults).toEqual([]);
    },
  );

  it('says which lanes are full where both are, and writes nothing while it waits', async () => {
    await write(30, 1);
    const depths = new Map([
      ['express', 2_000],
      ['primary', 2_000],
    ]);
    const runner = withDepths(depths);
    const job = await endput.create(redrive());
    const running = runJob(runner, job.id, forever);
    await until(async () => (await endput.read(job)).note?.startsWith('waits for') ?? false);
    const { note } = await endput.read(job);
    expect(note).toMatch(/the lane express to drain to 1000 messages/);
    expect(note).toMatch(/the lane primary to drain to 1000 messages/);
    expect(await endput.sql.query('SELECT put_off FROM dead_letter_jobs')).toEqual([{ put_off: 0 }]);
    depths.clear();
    await running;
    expect(await endput.read(job)).toMatchObject({ state: 'finished', done: 30 });
  });

  it('that is paused meanwhile goes on in another process, with what was put off too, each once', async () => {
    await write(60, 5);
    const depths = new Map([['express', 2_000]]);
    const first = withDepths(depths, { holder: 'first' });
    const job = await endput.create(redrive());
    const running = runJob(first, job.id, forever);
    await until(async () => (await endput.read(job)).note?.startsWith('waits for the lane express') ?? false);
    await pauseJob(endput.sql, 'things', job.id, { by: 'ana' });
    await running;
    expect(await endput.read(job)).toMatchObject({ state: 'paused', total: 60, handled: 30 });
    await resumeJob(endput.sql, 'things', job.id, { by: 'ana' });
    depths.clear();
    const second = withDepths(depths, { holder: 'second' });
    await runJob(second, job.id, forever);
    const sent = [...first.sent, ...second.sent].map(({ messageId }) => messageId);
    expect(sent.toSorted()).toEqual(rows(60).map((row) => idOf(row)));
    expect(await endput.read(job)).toMatchObject({ state: 'finished', total: 60, done: 60 });
  });

  it('sends some first of the lane that has room, and judges by these', async () => {
    await write(100, 50);
    const depths = new Map([['express', 2_000]]);
    const runner = withDepths(depths);
    const job = await endput.create(redrive({ stopAtFailedShare: 0.1 }));
    const running = runJob(runner, job.id, forever);
    await until(async () => (await endput.read(job)).note === 'waits for those that went first');
    expect(runner.sent.map(({ messageId }) => messageId)).toEqual(ofLane('primary', 100, 50).slice(0, 20));
    for (const row of rows(20, 51)) await endput.store(row, 2);
    await until(async () => (await endput.read(job)).note?.startsWith('waits for the lane express') ?? false);
    depths.clear();
    await running;
    expect(await endput.read(job)).toMatchObject({ state: 'finished', done: 100, canary: { hasPassed: true } });
  });

  it('sends each once, whichever lane is full when, and also when the broker is away in between', async () => {
    const answers = fc.array(fc.record({ express: fc.boolean(), primary: fc.boolean() }), { maxLength: 3 });
    const lanes = fc.array(fc.constantFrom('express', 'primary'), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(lanes, answers, fc.integer({ min: 1, max: 4 }), async (all, full, awayAt) => {
        await endput.empty();
        await endput.write(...all.map((lane, index) => deadLetterOf(index + 1, { lane })));
        const asked = { express: 0, primary: 0 };
        let published = 0;
        const { publish, ...runner } = runnerOf(endput, {
          batch: 5,
          laneDepth: (lane) => {
            const name = lane as keyof typeof asked;
            return Promise.resolve(full[asked[name]++]?.[name] === true ? 2_000 : 0);
          },
        });
        const job = await endput.create(redrive());
        const flaky: typeof publish = (messages) =>
          ++published === awayAt ? Promise.reject(new Error('away')) : publish(messages);
        await runJob({ ...runner, publish: flaky }, job.id, forever);
        const sent = runner.sent.map(({ messageId, lane }) => `${messageId} ${lane}`);
        expect(sent.toSorted()).toEqual(all.map((lane, index) => `${idOf(index + 1)} ${lane}`));
        const count = all.length;
        expect(await endput.read(job)).toMatchObject({ state: 'finished', total: count, handled: count, done: count });
      }),
      { numRuns: 10 },
    );
  });
});
