import { randomUUID } from 'node:crypto';
import { HEADER, type OutgoingMessage, type Publish } from '@esteira/pipeline';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  cancelJob,
  getDeadLetter,
  listActions,
  listJobs,
  pauseJob,
  resumeJob,
  runJob,
  startJobRunner,
} from '../src/index.ts';
import {
  bodyOf,
  forever,
  held,
  idOf,
  deadLetterOf,
  openThings,
  redrive,
  rows,
  runnerOf,
  STORED,
  until,
  type ThingsEndput,
} from './support/things.ts';

let endput: ThingsEndput;
beforeAll(async () => (endput = await openThings()));
afterAll(() => endput.close());
beforeEach(() => endput.empty());

const deadLetter = async (row: number) => (await getDeadLetter(endput.sql, 'things', idOf(row)))!;
const statesOf = async () => {
  const found = await endput.sql.query<{ state: string; round: number; entries: number; count: number }>(
    `SELECT state, round, jsonb_array_length(history) AS entries, count(*)::int AS count
       FROM dead_letters GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
  );
  return found.map(({ state, round, entries, count }) => `${count} ${state} in round ${round}, ${entries} entries`);
};

describe('a redrive', () => {
  it('sends what its filter means, as a first attempt of the next round, and says who did it and why', async () => {
    await endput.write(
      deadLetterOf(1),
      deadLetterOf(2, { headers: {} }),
      deadLetterOf(3, { reason: 'invalid' }),
      deadLetterOf(4, { origin: 'system-2' }),
    );
    const runner = runnerOf(endput);
    const job = await endput.create(
      redrive({ selection: { filter: { origin: 'system-1', reason: 'attempts-exhausted' } } }),
    );
    expect(job).toMatchObject({ state: 'running', isFrozen: false, total: 0, by: 'ana' });
    expect(await runJob(runner, job.id, forever)).toBe(true);
    expect(runner.sent).toEqual([
      {
        messageId: idOf(1),
        type: 'thing.made',
        lane: 'primary',
        body: bodyOf(1),
        headers: { 'x-schema-version': 1, 'x-attempt': 1, 'x-max-attempts': 3, 'x-round': 2 },
      },
      expect.objectContaining({
        messageId: idOf(2),
        headers: expect.objectContaining({ 'x-max-attempts': 5 }) as unknown,
      }),
    ]);
    expect(await endput.read(job)).toMatchObject({
      state: 'finished',
      total: 2,
      handled: 2,
      done: 2,
      isTidy: true,
      holder: null,
    });
    expect(await deadLetter(1)).toMatchObject({
      state: 'redriven',
      round: 2,
      history: [{ action: 'redriven', by: 'ana', why: 'the service is back', round: 2, job: job.id }],
    });
    expect(await deadLetter(3)).toMatchObject({ state: 'dead', round: 1, history: [] });
    expect(await runJob(runner, job.id, forever)).toBe(false);
    const actions = await listActions(endput.sql, 'things', { job: job.id, limit: 10 });
    expect(actions.items.map(({ action, by }) => [action, by])).toEqual([
      ['redrive-finished', 'esteira'],
      ['redrive-started', 'ana'],
    ]);
  });

  it('leaves alone what is stored, unreadable, not dead or unknown, and counts it', async () => {
    await endput.write(
      deadLetterOf(1),
      deadLetterOf(2, { body: Buffer.from('no thing') }),
      deadLetterOf(3),
      deadLetterOf(4),
    );
    await endput.store(3);
    await endput.sql.query(`INSERT INTO ${STORED} SELECT message_id, incarnation, 1, 1 FROM dead_letters
                             WHERE key = '4'`);
    const runner = runnerOf(endput);
    const job = await endput.create(
      redrive({ selection: { messageIds: [...rows(4).map((row) => idOf(row)), randomUUID()] } }),
    );
    await runJob(runner, job.id, forever);
    expect(await endput.read(job)).toMatchObject({
      total: 5,
      handled: 5,
      done: 1,
      unchanged: { atRest: 1, moved: 2, unreadable: 1 },
    });
    expect(runner.sent.map(({ messageId }) => messageId)).toEqual([idOf(1)]);
    expect(await deadLetter(2)).toMatchObject({ state: 'dead', round: 1, history: [] });
    expect(await deadLetter(4)).toMatchObject({ state: 'dead', round: 1, history: [] });
  });

  it('is for what was dead when it started: what dies afterwards is none of its business', async () => {
    await endput.writeRows(rows(30));
    const runner = runnerOf(endput, { batch: 10 });
    const { publish, open } = held(runner.publish);
    const job = await endput.create(redrive());
    const running = runJob({ ...runner, publish }, job.id, forever);
    await until(async () => (await endput.read(job)).handled > 0);
    await endput.write(deadLetterOf(100), deadLetterOf(1, { round: 2 }));
    open();
    await running;
    expect(await endput.read(job)).toMatchObject({ total: 30, done: 30, failedAgain: 1 });
    expect(await deadLetter(100)).toMatchObject({ state: 'dead', round: 1 });
    expect(await deadLetter(1)).toMatchObject({ state: 'dead', round: 2 });
  });

  it('sends each once under the id its body proves, where the dead letter had none of its own', async () => {
    const hash = randomUUID();
    await endput.write(deadLetterOf(1, { messageId: hash, reason: 'invalid', origin: null, key: null }));
    const runner = runnerOf(endput);
    const job = await endput.create(redrive());
    await runJob(runner, job.id, forever);
    expect(runner.sent.map(({ messageId }) => messageId)).toEqual([idOf(1)]);
    await endput.write(deadLetterOf(1, { round: 2 }));
    expect(await endput.read(job)).toMatchObject({ done: 1, failedAgain: 1 });
  });

  it('holds its rate', async () => {
    await endput.writeRows(rows(60));
    const runner = runnerOf(endput);
    const job = await endput.create(redrive({ ratePerSecond: 50 }));
    const began = performance.now();
    await runJob(runner, job.id, forever);
    expect(performance.now() - began).toBeGreaterThan(900);
    expect(await endput.read(job)).toMatchObject({ done: 60 });
  });

  it('pauses while the lane is deep', async () => {
    await endput.writeRows(rows(20));
    let depth = 2_000;
    const runner = runnerOf(endput, { laneDepth: () => Promise.resolve(depth), leaseMs: 300 });
    const job = await endput.create(redrive());
    const running = runJob(runner, job.id, forever);
    await until(async () => (await endput.read(job)).note?.startsWith('waits for the lane') ?? false);
    expect(runner.sent).toEqual([]);
    depth = 0;
    await running;
    expect(await endput.read(job)).toMatchObject({ state: 'finished', done: 20 });
  });

  it('sends each with the type that it had, and what tells of none with the first', async () => {
    await endput.write(
      deadLetterOf(1, { type: 'thing.broken' }),
      deadLetterOf(2, { type: 'thing.made' }),
      deadLetterOf(3, { type: 'thing.unheard-of' }),
      deadLetterOf(4),
    );
    // As an earlier release left it, which had no such column.
    await endput.sql.query(`UPDATE dead_letters SET type = NULL WHERE key = '4'`);
    const runner = runnerOf(endput);
    await runJob(runner, (await endput.create(redrive())).id, forever);
    const sent = new Map(
      runner.sent.map(({ messageId, type, headers }) => [messageId, [type, headers[HEADER.schemaVersion]]]),
    );
    const made = ['thing.made', 1];
    expect(rows(4).map((row) => sent.get(idOf(row)))).toEqual([['thing.broken', 3], made, made, made]);
  });

  it('sends each to the lane that it came from, and what tells of none to the first', async () => {
    await endput.write(
      deadLetterOf(1, { lane: 'express' }),
      deadLetterOf(2, { lane: 'primary' }),
      deadLetterOf(3, { lane: 'things.express' }),
      deadLetterOf(4),
    );
    // As an earlier release left it, which had no such column.
    await endput.sql.query(`UPDATE dead_letters SET lane = NULL WHERE key = '4'`);
    const runner = runnerOf(endput);
    await runJob(runner, (await endput.create(redrive())).id, forever);
    const lanes = new Map(runner.sent.map(({ messageId, lane }) => [messageId, lane]));
    expect(rows(4).map((row) => lanes.get(idOf(row)))).toEqual(['express', 'primary', 'primary', 'primary']);
    await endput.write(deadLetterOf(2, { lane: 'express', round: 2 }));
    await runJob(runner, (await endput.create(redrive())).id, forever);
    expect(runner.sent.at(-1)).toMatchObject({ messageId: idOf(2), lane: 'express' });
  });

  it('waits for a full lane, and holds up none that goes to another', async () => {
    await endput.write(...rows(20).map((row) => deadLetterOf(row, { lane: row <= 10 ? 'primary' : 'express' })));
    const depths = new Map([['express', 2_000]]);
    const runner = runnerOf(endput, { laneDepth: (lane) => Promise.resolve(depths.get(lane) ?? 0), leaseMs: 300 });
    const of = (...some: number[]) => redrive({ selection: { messageIds: some.map((row) => idOf(row)) } });
    const full = await endput.create(of(...rows(10, 11)));
    const running = runJob(runner, full.id, forever);
    await until(async () => (await endput.read(full)).note?.startsWith('waits for the lane express') ?? false);
    await runJob(runner, (await endput.create(of(...rows(10)))).id, forever);
    expect(runner.sent.map(({ lane }) => lane)).toEqual(rows(10).map(() => 'primary'));
    depths.clear();
    await running;
    expect(await endput.read(full)).toMatchObject({ state: 'finished', done: 10 });
  });

  it('sends to a lane that holds more than others may, where the lane has a limit of its own', async () => {
    await endput.write(...rows(10).map((row) => deadLetterOf(row, { lane: 'express' })));
    const { redrivable, ...options } = runnerOf(endput, { laneDepth: () => Promise.resolve(2_000) });
    const pipeline = { ...redrivable.pipeline, limits: { express: { mostDepth: 3_000 } } };
    const job = await endput.create(redrive());
    await runJob({ ...options, redrivable: { ...redrivable, pipeline } }, job.id, forever);
    expect(await endput.read(job)).toMatchObject({ state: 'finished', done: 10 });
  });

  it('waits out a broker that is away, and sends what it had marked', async () => {
    await endput.writeRows(rows(50));
    let calls = 0;
    const runner = runnerOf(endput, { batch: 10 });
    const publish: Publish = (messages) => {
      calls += 1;
      if (calls === 1) return Promise.reject(new Error('away'));
      if (calls === 2) return Promise.resolve(messages.map(() => 'refused'));
      return runner.publish(messages);
    };
    const job = await endput.create(redrive());
    await runJob({ ...runner, publish }, job.id, forever);
    expect(runner.faults).toHaveLength(2);
    expect(await endput.read(job)).toMatchObject({ state: 'finished', done: 50 });
    expect(new Set(runner.sent.map(({ messageId }) => messageId)).size).toBe(50);
    expect(await statesOf()).toEqual(['50 redriven in round 2, 1 entries']);
  });
});

describe('a discard', () => {
  it('closes dead letters for good, with a reason, and sends nothing', async () => {
    await endput.write(deadLetterOf(1), deadLetterOf(2, { body: Buffer.from('no thing') }));
    let tidied = 0;
    const runner = runnerOf(endput, { tidy: () => Promise.resolve(void (tidied += 1)) });
    const job = await endput.create(redrive({ action: 'discard', why: 'a test order' }));
    await runJob(runner, job.id, forever);
    expect(runner.sent).toEqual([]);
    expect(tidied).toBe(1);
    expect(await deadLetter(2)).toMatchObject({
      state: 'discarded',
      round: 1,
      history: [{ action: 'discarded', why: 'a test order' }],
    });
    const again = await endput.create(redrive({ selection: { messageIds: [idOf(1)] } }));
    await runJob(runner, again.id, forever);
    expect(await endput.read(again)).toMatchObject({ done: 0, unchanged: { moved: 1 } });
    expect(await endput.write(deadLetterOf(1))).toEqual(['late']);
  });

  it('gives way to a copy that was on its way to be stored: stored wins', async () => {
    await endput.writeRows([1]);
    const job = await endput.create(redrive({ action: 'discard' }));
    await runJob(runnerOf(endput), job.id, forever);
    await endput.store(1);
    expect(await deadLetter(1)).toMatchObject({ state: 'redriven', attempts: [] });
  });
});

describe('pausing, resuming and cancelling', () => {
  it('a paused job marks nothing more, and goes on where it was when it is resumed', async () => {
    await endput.writeRows(rows(40));
    const runner = runnerOf(endput, { batch: 5 });
    const { publish, open } = held(runner.publish);
    const job = await endput.create(redrive());
    const running = runJob({ ...runner, publish }, job.id, forever);
    await until(async () => (await endput.read(job)).handled > 0);
    expect(await pauseJob(endput.sql, 'things', job.id, { by: 'ben' })).toMatchObject({ kind: 'done' });
    open();
    await running;
    const paused = await endput.read(job);
    expect(paused).toMatchObject({ state: 'paused', holder: null });
    expect(paused.done).toBeLessThan(40);
    expect(runner.sent).toHaveLength(paused.done);
    expect(await runJob(runner, job.id, forever)).toBe(false);
    expect(await pauseJob(endput.sql, 'things', job.id, { by: 'ben' })).toMatchObject({ kind: 'refused' });
    await resumeJob(endput.sql, 'things', job.id, { by: 'ben' });
    await runJob(runner, job.id, forever);
    expect(await endput.read(job)).toMatchObject({ state: 'finished', done: 40 });
    expect(runner.sent).toHaveLength(40);
  });

  it('a cancelled job leaves the rest dead, and tidies up after what it did', async () => {
    await endput.writeRows(rows(40));
    let tidied = 0;
    const runner = runnerOf(endput, { batch: 5, tidy: () => Promise.resolve(void (tidied += 1)) });
    const { publish, open } = held(runner.publish);
    const job = await endput.create(redrive());
    const running = runJob({ ...runner, publish }, job.id, forever);
    await until(async () => (await endput.read(job)).handled > 0);
    await cancelJob(endput.sql, 'things', job.id, { by: 'ben', why: 'wrong group' });
    open();
    await running;
    const { done } = await endput.read(job);
    expect(done).toBeLessThan(40);
    expect(await statesOf()).toEqual([
      `${40 - done} dead in round 1, 0 entries`,
      `${done} redriven in round 2, 1 entries`,
    ]);
    expect(tidied).toBe(1);
    expect(await resumeJob(endput.sql, 'things', job.id, { by: 'ben' })).toMatchObject({ kind: 'refused' });
    expect(await cancelJob(endput.sql, 'other', job.id, { by: 'ben' })).toEqual({ kind: 'unknown' });
  });

  it('lists jobs, newest first', async () => {
    const [first, second, third] = [
      await endput.create(redrive()),
      await endput.create(redrive()),
      await endput.create(redrive()),
    ];
    const page = await listJobs(endput.sql, 'things', { limit: 2 });
    expect(page.items.map(({ id }) => id)).toEqual([third.id, second.id]);
    const rest = await listJobs(endput.sql, 'things', { limit: 2, cursor: page.nextCursor ?? '' });
    expect(rest).toMatchObject({ items: [{ id: first.id }], nextCursor: null });
  });
});

describe('a redrive that stops itself', () => {
  /** A consumer: what it is given dies again or is stored, as `isBad` says. */
  const consuming = (isBad: (row: number) => boolean): Publish => {
    return async (messages) => {
      for (const { body, headers } of messages) {
        const row = Number((JSON.parse(Buffer.from(body).toString()) as { id: string }).id);
        const round = Number(headers['x-round']);
        if (isBad(row)) await endput.write(deadLetterOf(row, { round }));
        else await endput.store(row, round);
      }
      return messages.map(() => 'confirmed');
    };
  };

  it('sends 20 first, and no more when too many of these are dead again; resumed, it sends 20 first again', async () => {
    await endput.writeRows(rows(100));
    let isRepaired = false;
    const runner = runnerOf(endput, { publish: consuming((row) => !isRepaired && row % 2 === 0), batch: 50 });
    const job = await endput.create(redrive({ stopAtFailedShare: 0.2 }));
    await runJob(runner, job.id, forever);
    expect(await endput.read(job)).toMatchObject({
      state: 'stopped',
      done: 20,
      failedAgain: 10,
      canary: { size: 20, hasPassed: false },
    });
    isRepaired = true;
    await resumeJob(endput.sql, 'things', job.id, { by: 'ana', why: 'repaired' });
    await runJob(runner, job.id, forever);
    expect(await endput.read(job)).toMatchObject({
      state: 'finished',
      done: 100,
      failedAgain: 10,
      canary: { hasPassed: true },
    });
    const { items } = await listActions(endput.sql, 'things', { job: job.id, limit: 10 });
    expect(items.map(({ action }) => action)).toEqual([
      'redrive-finished',
      'redrive-resumed',
      'redrive-stopped-itself',
      'redrive-started',
    ]);
  });

  it('waits for those that went first, and goes on once they are stored', async () => {
    await endput.writeRows(rows(50));
    const held: OutgoingMessage[] = [];
    const publish: Publish = (messages) => {
      held.push(...messages);
      return Promise.resolve(messages.map(() => 'confirmed'));
    };
    const job = await endput.create(redrive({ stopAtFailedShare: 0.1 }));
    const running = runJob(runnerOf(endput, { publish, leaseMs: 300 }), job.id, forever);
    await until(async () => (await endput.read(job)).note === 'waits for those that went first');
    expect(held).toHaveLength(20);
    await consuming(() => false)(held);
    await running;
    expect(held).toHaveLength(50);
    expect(await endput.read(job)).toMatchObject({ state: 'finished', done: 50 });
  });

  it('notices later ones too', async () => {
    await endput.writeRows(rows(400));
    const runner = runnerOf(endput, { publish: consuming((row) => row > 100), batch: 10 });
    const job = await endput.create(redrive({ stopAtFailedShare: 0.25, ratePerSecond: 200 }));
    await runJob(runner, job.id, forever);
    const stopped = await endput.read(job);
    expect(stopped.state).toBe('stopped');
    expect(stopped.done).toBeLessThan(400);
  });
});

describe('whoever runs it', () => {
  it('takes effect once, with many runners at once', async () => {
    await endput.writeRows(rows(300));
    const job = await endput.create(redrive());
    const runners = rows(4).map((n) => runnerOf(endput, { holder: `runner ${n}`, batch: 20 }));
    const ran = await Promise.all(runners.map((runner) => runJob(runner, job.id, forever)));
    expect(ran.filter(Boolean)).toHaveLength(1);
    expect(runners.flatMap(({ sent }) => sent)).toHaveLength(300);
    expect(await statesOf()).toEqual(['300 redriven in round 2, 1 entries']);
  });

  it('has no effect any more once its lease is over and another has taken the job', async () => {
    await endput.writeRows(rows(60));
    const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
    const frozen = runnerOf(endput, { holder: 'frozen', batch: 20, leaseMs: 50 });
    // It stands still in its first publish, and does not renew its lease.
    const publish: Publish = async (messages) => {
      await gate;
      return frozen.publish(messages);
    };
    const sql: typeof endput.sql = {
      ...endput.sql,
      query: (text, values) =>
        text.includes('SET lease_until') ? new Promise(() => undefined) : endput.sql.query(text, values),
    };
    const job = await endput.create(redrive());
    const late = runJob({ ...frozen, publish, sql }, job.id, forever).catch(() => undefined);
    await until(async () => (await endput.read(job)).handled > 0);
    const other = runnerOf(endput, { holder: 'other', batch: 20 });
    await until(() => runJob(other, job.id, forever));
    expect(await endput.read(job)).toMatchObject({ state: 'finished', done: 60 });
    open(undefined);
    await Promise.race([late, until(() => frozen.sent.length > 0)]);
    expect(await statesOf()).toEqual(['60 redriven in round 2, 1 entries']);
    expect(new Set(other.sent.map(({ messageId }) => messageId)).size).toBe(60);
  });

  it('finds the jobs of others by itself, and lets them go when it is stopped', async () => {
    await endput.writeRows(rows(100));
    const job = await endput.create(redrive());
    const first = runnerOf(endput, { batch: 5 });
    const { publish, open } = held(first.publish);
    const runner = startJobRunner({ ...first, publish });
    await until(async () => (await endput.read(job)).handled > 0);
    const stopped = runner.stop();
    open();
    await stopped;
    expect(await endput.read(job)).toMatchObject({ state: 'running', holder: null, done: first.sent.length });
    const second = runnerOf(endput);
    const other = startJobRunner(second);
    await until(async () => (await endput.read(job)).state === 'finished');
    await other.stop();
    expect(first.sent.length + second.sent.length).toBe(100);
  });

  it('is taken up at once, whatever its lease, by a process that is started again under the same name', async () => {
    await endput.writeRows(rows(60));
    const killed = runnerOf(endput, { holder: 'console', batch: 20, leaseMs: 3_600_000 });
    const job = await endput.create(redrive());
    void runJob({ ...killed, publish: () => new Promise(() => undefined) }, job.id, forever).catch(() => undefined);
    await until(async () => (await endput.read(job)).handled > 0);
    const stranger = runnerOf(endput, { holder: 'another console' });
    expect(await runJob(stranger, job.id, forever)).toBe(false);
    const again = runnerOf(endput, { holder: 'console', batch: 20 });
    const runner = startJobRunner(again);
    await until(async () => (await endput.read(job)).state === 'finished');
    await runner.stop();
    expect(await statesOf()).toEqual(['60 redriven in round 2, 1 entries']);
    expect(new Set(again.sent.map(({ messageId }) => messageId)).size).toBe(60);
  });

  it('does not finish what was cancelled while it tidied, nor tidy twice', async () => {
    await endput.writeRows([1]);
    let tidied = 0;
    const runner = runnerOf(endput, {
      tidy: () => (tidied++ === 0 ? Promise.reject(new Error('away')) : Promise.resolve()),
    });
    const job = await endput.create(redrive());
    await runJob(runner, job.id, forever);
    expect(tidied).toBe(2);
    expect(await runJob(runner, job.id, forever)).toBe(false);
    expect(await endput.read(job)).toMatchObject({ state: 'finished', isTidy: true });
  });
});

describe('copies, deaths and redrives in any order', () => {
  it('leave each message at one place: stored once for all, or dead once a round', async () => {
    type Step = 'redrive' | 'discard' | 'die' | 'die-late' | 'store' | 'store-late';
    const steps = fc.array(
      fc.constantFrom<Step>('redrive', 'redrive', 'die', 'die', 'die-late', 'discard', 'store', 'store-late'),
      { minLength: 1, maxLength: 8 },
    );
    let next = 1_000;
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), async (all, atOnce) => {
        const row = next++;
        await endput.writeRows([row]);
        const runner = runnerOf(endput);
        const round = async () => (await deadLetter(row)).round;
        const doStep = async (step: Step) => {
          const now = await round();
          if (step === 'store') await endput.store(row, now);
          else if (step === 'store-late') await endput.store(row, Math.max(1, now - 1));
          else if (step === 'die') await endput.write(deadLetterOf(row, { round: now }));
          else if (step === 'die-late') await endput.write(deadLetterOf(row, { round: Math.max(1, now - 1) }));
          else {
            const job = await endput.create(redrive({ action: step, selection: { messageIds: [idOf(row)] } }));
            await runJob(runner, job.id, forever);
          }
        };
        if (atOnce) await Promise.all(all.map(doStep));
        else for (const step of all) await doStep(step);
        const { state, history, attempts, round: last } = await deadLetter(row);
        const isStored = all.includes('store') || all.includes('store-late');
        if (isStored) expect(state).toBe('redriven');
        const redrives = history.flatMap((entry) => (entry.action === 'redriven' ? [entry.round] : []));
        expect(redrives).toEqual(redrives.map((_, index) => index + 2));
        expect(last).toBe(1 + redrives.length);
        const died = attempts.map((attempt) => attempt.round);
        expect(died).toEqual([...new Set(died)]);
        if (state === 'dead') expect(died).toEqual(rows(last));
        expect(runner.sent.map(({ headers }) => headers['x-round'])).toEqual(redrives);
      }),
      { numRuns: 40 },
    );
  });
});
