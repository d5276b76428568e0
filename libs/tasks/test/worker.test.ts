import type { RunningConsumer } from '@esteira/consumer';
import type { HandlerOutcome } from '@esteira/pipeline';
import { patient } from '@esteira/tests/patience';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { taskStates } from '../src/store/index.ts';
import { openWorld, type TasksWorld } from './world.ts';

let world: TasksWorld;
let worker: RunningConsumer | undefined;
beforeAll(async () => {
  world = await openWorld();
});
afterEach(async () => {
  await worker?.stop(5_000);
  worker = undefined;
});
afterAll(async () => {
  await (world as TasksWorld | undefined)?.close();
});

const failure = { code: 'busy', message: 'It is busy.' };
const untilState = (taskId: string, state: string) =>
  vi.waitFor(async () => {
    const task = await world.task(taskId);
    expect(task.state).toBe(state);
    return task;
  }, patient);
const beginningOf = (taskId: string, attempt: number, redelivered = false) => ({
  message: { ...world.message(taskId) },
  attempt: { ...world.attemptOf(taskId), attempt },
  redelivered,
});
const begin = async (...asked: ReturnType<typeof beginningOf>[]) => taskStates.begin(world.sql, asked, 'test');

describe('a task', () => {
  it('is done once, keeps its result, and its attempt is in the log', async () => {
    const [taskId] = await world.queued(1);
    worker = await world.worker(() => ({ kind: 'succeeded', result: { up: true } }));
    expect(await untilState(taskId!, 'succeeded')).toMatchObject({ result: { up: true }, attempt: 1, token: 1 });
    await vi.waitFor(async () => {
      expect(await world.log.ofMessages([taskId!])).toMatchObject([{ status: 'succeeded', pipeline: 'tasks' }]);
    }, patient);
  });

  it('that fails is queued again, says why, and ends when an attempt succeeds', async () => {
    const [taskId] = await world.queued(1);
    worker = await world.worker(({ attempt }) =>
      attempt < 3 ? { kind: 'retry', error: failure } : { kind: 'succeeded' },
    );
    expect(await untilState(taskId!, 'succeeded')).toMatchObject({ attempt: 3, token: 3, error: null });
  });

  it('whose attempts are spent is dead in its table and a dead letter, and lives again when it is redriven', async () => {
    const [taskId] = await world.queued(1);
    let answer: HandlerOutcome = { kind: 'retry', error: failure };
    worker = await world.worker(() => answer);
    expect(await untilState(taskId!, 'dead')).toMatchObject({ attempt: 3, error: failure });
    expect(await world.deadLetters()).toMatchObject([{ message_id: taskId, reason: 'attempts-exhausted' }]);
    answer = { kind: 'succeeded' };
    await world.redrive(taskId!);
    expect(await untilState(taskId!, 'succeeded')).toMatchObject({ round: 2, attempt: 1 });
  });

  it('that came twice runs once', async () => {
    const [taskId] = await world.queued(1);
    let runs = 0;
    await world.publish([taskId!]);
    worker = await world.worker(() => {
      runs += 1;
      return { kind: 'succeeded' };
    });
    await untilState(taskId!, 'succeeded');
    await world.untilEmpty();
    expect(runs).toBe(1);
  });

  it('that nobody knows is a dead letter', async () => {
    const unknown = world.madeUp();
    await world.publish([unknown]);
    worker = await world.worker(() => ({ kind: 'succeeded' }));
    await vi.waitFor(async () => {
      const dead = await world.deadLetters();
      expect(dead.find(({ message_id }) => message_id === unknown)).toMatchObject({ reason: 'refused' });
    }, patient);
  });
});

describe('who may attempt a task', () => {
  it('is one at a time: a copy gets no token, and whoever takes it over after a crash gets a higher one', async () => {
    const [taskId] = await world.queued(1, { isSent: false });
    expect(await begin(beginningOf(taskId!, 1))).toEqual([1]);
    expect(await begin(beginningOf(taskId!, 1))).toEqual(['taken']);
    expect(await begin(beginningOf(taskId!, 1, true))).toEqual([2]);
  });

  it('a frozen worker that wakes stores nothing, neither success nor failure', async () => {
    const [taskId] = await world.queued(1, { isSent: false });
    await begin(beginningOf(taskId!, 1));
    await begin(beginningOf(taskId!, 1, true));
    expect(await world.succeed(taskId!, 1)).toEqual(['late']);
    expect(await world.fail(taskId!, 1)).toEqual([false]);
    expect((await world.task(taskId!)).state).toBe('running');
    expect(await world.succeed(taskId!, 2)).toEqual(['inserted']);
    expect(await world.fail(taskId!, 2)).toEqual([false]);
    expect(await begin(beginningOf(taskId!, 1, true))).toEqual(['taken']);
  });

  it('a copy of an attempt that was made gets none while the next one waits; what came back does', async () => {
    const [taskId] = await world.queued(1, { isSent: false });
    await begin(beginningOf(taskId!, 1));
    expect(await world.fail(taskId!, 1)).toEqual([true]);
    expect(await begin(beginningOf(taskId!, 1))).toEqual(['taken']);
    expect(await begin(beginningOf(taskId!, 1, true))).toEqual([2]);
    expect(await world.fail(taskId!, 2)).toEqual([true]);
    expect(await begin(beginningOf(taskId!, 2))).toEqual([3]);
  });

  it('that was redriven gets one, also where its first message was never read', async () => {
    const [taskId] = await world.queued(1, { isSent: false });
    const redriven = beginningOf(taskId!, 1);
    expect(await begin({ ...redriven, attempt: { ...redriven.attempt, round: 2 } })).toEqual([1]);
    expect(await world.task(taskId!)).toMatchObject({ round: 2, state: 'running' });
  });

  it('a copy that is given up unattempted ends no attempt that has followed it', async () => {
    const [taskId] = await world.queued(1, { isSent: false });
    await begin(beginningOf(taskId!, 1));
    await world.fail(taskId!, 1);
    await begin(beginningOf(taskId!, 2));
    expect(await world.giveUp(taskId!, 1)).toEqual([false]);
    expect(await world.giveUp(taskId!, 2)).toEqual([true]);
    expect((await world.task(taskId!)).state).toBe('dead');
  });

  it('of copies that come at once one gets a token', async () => {
    const [taskId] = await world.queued(1, { isSent: false });
    expect(await begin(beginningOf(taskId!, 1), beginningOf(taskId!, 1))).toEqual([1, 'taken']);
  });

  it('workers that have the same tasks in other orders wait for each other, and never for good', async () => {
    const ids = await world.queued(40, { isSent: false });
    const rounds = Array.from({ length: 20 }, (_, round) => {
      const asked = ids.map((taskId) => beginningOf(taskId, 1, true));
      return begin(...(round % 2 === 0 ? asked : asked.toReversed()));
    });
    for (const tokens of await Promise.all(rounds))
      expect(tokens.every((token) => typeof token === 'number')).toBe(true);
    expect((await world.task(ids[0]!)).token).toBe(20);
  });
});
