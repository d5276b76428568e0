import { setTimeout } from 'node:timers/promises';
import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { defineTaskType, simulated, taskTypes, TaskTypeTwice, type TaskType } from '../src/types/index.ts';
import { attempted } from './types-support.ts';

const greet = (run: TaskType['run'] = () => ({ kind: 'succeeded' })): TaskType =>
  defineTaskType({
    name: 'greet',
    aliases: ['hello'],
    description: 'Greets.',
    payload: Type.Object(
      {
        to: Type.Object({ name: Type.String(), age: Type.Optional(Type.Integer()) }),
        how: Type.Optional(Type.Enum(['warmly', 'coldly'])),
      },
      { additionalProperties: false },
    ),
    problem: ({ to }) => (to.name === 'nobody' ? { pointer: '/to/name', message: 'must be somebody' } : undefined),
    run,
  });

describe('a task', () => {
  it('is done by the type that it names, or by its alias, and told what it was asked for by', async () => {
    const told: unknown[] = [];
    const types = taskTypes([
      simulated,
      greet((payload, { signal, attempt, ...run }) => {
        told.push({ payload, run, attempt: attempt.attempt, aborted: signal.aborted });
        return { kind: 'succeeded', result: 'hello' };
      }),
    ]);
    const payload = { to: { name: 'Ana' } };
    const slot = '2026-01-01T00:00:00Z';
    for (const type of ['greet', 'hello']) {
      const outcome = await attempted(types, type, payload, { taskId: 't', slot, timeoutMs: 60_000, attempt: 2 });
      expect(outcome).toEqual({ kind: 'succeeded', result: 'hello' });
    }
    const run = (type: string) => ({ taskId: 't', type, scheduleId: null, slot, timeoutMs: 60_000 });
    expect(told).toEqual(['greet', 'hello'].map((type) => ({ payload, run: run(type), attempt: 2, aborted: false })));
  });

  it('of an unknown type is a dead letter that says which types there are', async () => {
    expect(await attempted(taskTypes([simulated, greet()]), 'gret', {})).toEqual({
      kind: 'dead-letter',
      error: {
        code: 'unknown-type',
        message: 'There is no type of task called gret; there are greet, hello, simulated.',
      },
    });
  });

  it.each([
    ['is no object', 7, '', 'must be object'],
    ['lacks a member', {}, '', 'must have to'],
    ['has a member too many', { to: { name: 'a' }, from: 1 }, '', 'must not have from'],
    ['has another type deep inside', { to: { name: 'a', age: 'x' } }, '/to/age', 'must be integer'],
    ['has none of the values', { to: { name: 'a' }, how: 'x' }, '/how', 'must be one of warmly, coldly'],
    ['breaks what no schema can say', { to: { name: 'nobody' } }, '/to/name', 'must be somebody'],
  ])('whose payload %s is a dead letter that says where and what', async (_, payload, pointer, what) => {
    const types = taskTypes([greet(() => Promise.reject(new Error('never run')))]);
    const message = `The payload of hello at "${pointer}" ${what}.`;
    expect(await attempted(types, 'hello', payload)).toEqual({
      kind: 'dead-letter',
      error: { code: 'invalid-payload', message },
    });
    expect(types.problem('hello', payload)).toEqual({ code: 'invalid-payload', pointer, message });
  });

  it('that throws has failed this attempt', async () => {
    const types = taskTypes([greet(() => Promise.reject(new Error('no voice')))]);
    expect(await attempted(types, 'greet', { to: { name: 'a' } })).toEqual({
      kind: 'retry',
      error: { code: 'task-threw', message: 'no voice' },
    });
  });

  it('has failed this attempt when its own time is over', async () => {
    const outcome = await attempted(taskTypes([simulated]), 'simulated', { duration_ms: 3_600_000 }, { timeoutMs: 20 });
    expect(outcome).toEqual({
      kind: 'retry',
      error: { code: 'timeout', message: 'The attempt took longer than the 20 ms that the task has.' },
    });
  });

  it('that is done when its time is over is done', async () => {
    const types = taskTypes([
      greet(
        (_, { signal }) =>
          new Promise((resolve) => {
            signal.addEventListener('abort', () => {
              resolve({ kind: 'succeeded', result: 'just in time' });
            });
          }),
      ),
    ]);
    const outcome = await attempted(types, 'greet', { to: { name: 'a' } }, { timeoutMs: 20 });
    expect(outcome).toEqual({ kind: 'succeeded', result: 'just in time' });
  });

  it('that waits for a place has all its time when it has one', async () => {
    const slots = {
      execute: async <T>(attempt: () => Promise<T>): Promise<T> => {
        await setTimeout(50);
        return attempt();
      },
    };
    const type = greet((_, { signal }) => ({ kind: 'succeeded', result: signal.aborted }));
    const outcome = await attempted(taskTypes([{ ...type, slots }]), 'greet', { to: { name: 'a' } }, { timeoutMs: 5 });
    expect(outcome).toEqual({ kind: 'succeeded', result: false });
  });

  it.each(['before', 'while'])('is ended by its worker %s it runs', async (when) => {
    const worker = new AbortController();
    if (when === 'before') worker.abort();
    const running = attempted(
      taskTypes([simulated]),
      'simulated',
      { duration_ms: 3_600_000 },
      { signal: worker.signal },
    );
    worker.abort();
    expect(await running).toMatchObject({ kind: 'retry', error: { code: 'task-threw' } });
  });
});

describe('a name', () => {
  it.each([
    ['of two types', { name: 'greet', aliases: [] }],
    ['that is an alias of another type', { name: 'hello', aliases: [] }],
    ['among aliases', { name: 'other', aliases: ['greet'] }],
  ])('%s is refused', (_, other) => {
    expect(() => taskTypes([greet(), { ...greet(), ...other }])).toThrow(TaskTypeTwice);
  });
});

describe('a simulated task', () => {
  const types = taskTypes([simulated]);

  it('fails as often as it is told, then succeeds with what it is told', async () => {
    const payload = { fails: 2, returns: { n: [1, null] } };
    const kinds = [];
    for (const attempt of [1, 2]) kinds.push((await attempted(types, 'simulated', payload, { attempt })).kind);
    expect(kinds).toEqual(['retry', 'retry']);
    expect(await attempted(types, 'simulated', payload, { attempt: 3 })).toEqual({
      kind: 'succeeded',
      result: { n: [1, null] },
    });
  });

  it('that dies is a dead letter at its first attempt', async () => {
    expect(await attempted(types, 'simulated', { dies: true })).toMatchObject({
      kind: 'dead-letter',
      error: { code: 'simulated-death' },
    });
  });

  it('that is told nothing succeeds without a result', async () => {
    expect(await attempted(types, 'simulated', {})).toEqual({ kind: 'succeeded' });
  });
});
