import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  listActions,
  resumeJob,
  runJob,
  startJobRunner,
  type Job,
  type JobRunnerOptions,
  type NewJob,
} from '../src/index.ts';
import {
  forever,
  idOf,
  openThings,
  redrivable,
  redrive,
  rows,
  runnerOf,
  until,
  type ThingsEndput,
} from './support/things.ts';

let endput: ThingsEndput;
beforeAll(async () => (endput = await openThings()));
afterAll(() => endput.close());
beforeEach(() => endput.empty());

const of = (...all: number[]): Partial<NewJob> => ({ selection: { messageIds: all.map((row) => idOf(row)) } });

async function whileRunning(options: JobRunnerOptions, work: () => Promise<unknown>): Promise<void> {
  const runner = startJobRunner(options);
  try {
    await work();
  } finally {
    await runner.stop();
  }
}

describe('a job that Postgres refuses something', () => {
  it.each([
    {
      what: 'a constraint',
      break: 'ALTER TABLE dead_letters ADD CONSTRAINT once CHECK (round < 2) NOT VALID',
      mend: 'ALTER TABLE dead_letters DROP CONSTRAINT once',
      says: /violates check constraint "once"/,
    },
    {
      what: 'a column that is not there',
      break: 'ALTER TABLE dead_letters RENAME COLUMN job_leg TO leg_of_job',
      mend: 'ALTER TABLE dead_letters RENAME COLUMN leg_of_job TO job_leg',
      says: /column "job_leg" .*does not exist/,
    },
  ])('stops itself for $what, says why, and goes on once that is mended and it is resumed', async (fault) => {
    await endput.writeRows(rows(30));
    const job = await endput.create(redrive());
    await endput.sql.query(fault.break);
    const runner = runnerOf(endput);
    await runJob(runner, job.id, forever);
    await endput.sql.query(fault.mend);
    const stopped = await endput.read(job);
    expect(stopped).toMatchObject({
      state: 'stopped',
      done: 0,
      holder: null,
      note: expect.stringMatching(fault.says) as unknown,
    });
    expect(runner.faults).toHaveLength(1);
    const { items } = await listActions(endput.sql, 'things', { job: job.id, limit: 1 });
    expect(items).toMatchObject([
      { action: 'redrive-stopped-itself', by: 'esteira', details: { error: stopped.note } },
    ]);
    await resumeJob(endput.sql, 'things', job.id, { by: 'ana' });
    await runJob(runner, job.id, forever);
    expect(await endput.read(job)).toMatchObject({ state: 'finished', done: 30, note: null, canary: null });
  });

  it('waits out connections that the server ends', async () => {
    await endput.writeRows(rows(60));
    const job = await endput.create(redrive({ ratePerSecond: 60 }));
    const runner = runnerOf(endput, { batch: 5 });
    const running = runJob(runner, job.id, forever);
    for (const atLeast of [5, 20, 40]) {
      await until(() => runner.sent.length >= atLeast);
      await endput.cutOthers();
    }
    await running;
    expect(await endput.read(job)).toMatchObject({ state: 'finished', done: 60 });
  });
});

it('a job for something that this release does not know stops itself before it chooses, and says so', async () => {
  await endput.writeRows(rows(3));
  const job = await endput.create(redrive({ selection: { filter: { colour: 'red' } as object } }));
  await runJob(runnerOf(endput), job.id, forever);
  const note = expect.stringContaining(`can't tell dead letters apart by colour`) as unknown;
  expect(await endput.read(job)).toMatchObject({ state: 'stopped', isFrozen: false, total: 0, holder: null, note });
});

it.each([
  ['an id that is none', { messageId: 'row 2' }],
  ['a key that no table could hold', { key: 'k'.repeat(256) }],
])('a redrive leaves a body alone that proves %s: no consumer would take it', async (_, odd) => {
  await endput.writeRows(rows(3));
  const readBody = (body: Uint8Array, type: string) => {
    const identity = redrivable.readBody(body, type);
    return 'key' in identity && identity.key === '2' ? { ...identity, ...odd } : identity;
  };
  const job = await endput.create(redrive());
  const runner = runnerOf(endput, { redrivable: { ...redrivable, readBody } });
  await runJob(runner, job.id, forever);
  expect(await endput.read(job)).toMatchObject({ state: 'finished', done: 2, unchanged: { unreadable: 1 } });
  expect(runner.sent.map(({ messageId }) => messageId)).toEqual([idOf(1), idOf(3)]);
  expect(runner.faults).toEqual([]);
});

describe('jobs of one process', () => {
  it('that wait for a lane or their rate hold up no other, however many they are', async () => {
    const SLOW = 200; // At one a second this takes longer than anything is waited for here.
    await endput.writeRows(rows(30 + 20 * SLOW));
    let depth = 2_000;
    const runner = runnerOf(endput, { laneDepth: () => Promise.resolve(depth) });
    const deep = await Promise.all(rows(20).map((row) => endput.create(redrive(of(row)))));
    await whileRunning(runner, async () => {
      const slow = await Promise.all(
        rows(20).map((n) =>
          endput.create(redrive({ action: 'discard', ratePerSecond: 1, ...of(...rows(SLOW, 31 + SLOW * (n - 1))) })),
        ),
      );
      const quick = await endput.create(redrive({ action: 'discard', ...of(...rows(10, 21)) }));
      await until(async () => (await endput.read(quick)).state === 'finished');
      for (const job of [...deep, ...slow]) expect((await endput.read(job)).state).toBe('running');
      depth = 0;
      await until(async () => (await Promise.all(deep.map(endput.read))).every(({ state }) => state === 'finished'));
    });
  });

  it('that end while a pass tidies up share the next one', async () => {
    await endput.writeRows(rows(12));
    const isTidying = async (job: Job) => (await endput.read(job)).note?.startsWith('removes from') === true;
    const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
    let passes = 0;
    const runner = runnerOf(endput, {
      tidy: async () => {
        passes += 1;
        await gate;
      },
    });
    const first = await endput.create(redrive({ action: 'discard', ...of(1, 2) }));
    await whileRunning(runner, async () => {
      await until(() => passes === 1);
      const others = await Promise.all(
        rows(5).map((n) => endput.create(redrive({ action: 'discard', ...of(2 * n + 1, 2 * n + 2) }))),
      );
      // What it says of itself then is that it has asked for a pass: its end alone does not say so yet.
      await until(async () => (await Promise.all(others.map(isTidying))).every(Boolean));
      open(undefined);
      await until(async () => (await Promise.all([first, ...others].map(endput.read))).every(({ isTidy }) => isTidy));
    });
    expect(passes).toBe(2);
  });
});

describe('a discard', () => {
  it('holds its rate', async () => {
    await endput.writeRows(rows(40));
    const job = await endput.create(redrive({ action: 'discard', ratePerSecond: 50 }));
    const began = performance.now();
    await runJob(runnerOf(endput), job.id, forever);
    expect(performance.now() - began).toBeGreaterThan(500);
    expect(await endput.read(job)).toMatchObject({ done: 40 });
  });
});
