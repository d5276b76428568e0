import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonValue } from '@esteira/pipeline';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { ModuleUnloadable, openTaskTypes, type OpenTaskTypes } from '../src/types/index.ts';
import { taskTypes as exampleTypes } from '../../../examples/task-types.ts';
import { attempted, TASK_ID, type AttemptOptions } from './types-support.ts';

const folder = mkdtempSync(join(tmpdir(), 'esteira-'));
const EXAMPLE = join(import.meta.dirname, '../../../examples/task-types.ts');
let types: OpenTaskTypes | undefined;
let nextFile = 1;

afterEach(async () => {
  await types?.close();
  types = undefined;
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function moduleOf(source: string, ending = 'mjs'): string {
  const path = join(folder, `${nextFile++}.${ending}`);
  writeFileSync(path, source);
  return path;
}

const open = async (path: string, threads = 1) => (types = await openTaskTypes({ path, threads, memoryMb: 64 }));
const attempt = (type: string, payload: JsonValue, options?: AttemptOptions) =>
  attempted(types!, type, payload, options);

/** What the one type of this module does depends on the payload. */
const MOODS = `
  export const taskTypes = [{
    name: 'mood',
    payload: { type: 'object', properties: { is: { type: 'string' } } },
    async run({ is }, { signal, ...context }) {
      switch (is) {
        case 'told': return { kind: 'succeeded', result: { ...context, aborted: signal.aborted } };
        case 'loop': for (;;);
        case 'exit': return process.exit(7);
        case 'throw': throw new Error('as asked');
        case 'nothing': return undefined;
        default: return { kind: 'succeeded', result: is };
      }
    },
  }];
`;

describe('the example', () => {
  it('has types that are checked and done as those of Esteira are', async () => {
    await open(EXAMPLE);
    const names = exampleTypes.map(({ name }) => name);
    expect(types?.all.map(({ name }) => name)).toEqual(['http-check', 'http-call', 'simulated', ...names]);
    expect(await attempt('primes', { up_to: 100 })).toEqual({ kind: 'succeeded', result: { primes: 25 } });
    expect(await attempt('remind', { to: 'ana@example.org', text: '' })).toMatchObject({ error: { code: 'no-text' } });
    expect(await attempt('remind', { to: 'ana', text: 'x' })).toMatchObject({ kind: 'dead-letter' });
    expect(await attempt('remind', { to: 'ana' })).toEqual({
      kind: 'dead-letter',
      error: { code: 'invalid-payload', message: 'The payload of remind at "" must have text.' },
    });
  });
});

describe('a type of a module', () => {
  it('is told what it was asked for by, by which task, at which attempt', async () => {
    await open(moduleOf(MOODS));
    const slot = '2026-01-01T00:00:00Z';
    const told = { taskId: TASK_ID, type: 'mood', scheduleId: 's', slot, timeoutMs: 60_000 };
    expect(await attempt('mood', { is: 'told' }, { attempt: 3, scheduleId: 's', slot, timeoutMs: 60_000 })).toEqual({
      kind: 'succeeded',
      result: { ...told, attempt: 3, maxAttempts: 5, round: 1, aborted: false },
    });
  });

  it.each([
    ['throw', 'task-threw'],
    ['exit', 'task-crashed'],
    ['nothing', 'task-answer'],
  ])('by %s spends this attempt, and the next one succeeds', async (is, code) => {
    await open(moduleOf(MOODS));
    expect(await attempt('mood', { is })).toMatchObject({ kind: 'retry', error: { code } });
    expect(await attempt('mood', { is: 'good' })).toEqual({ kind: 'succeeded', result: 'good' });
  });

  it('that never ends is ended when the time of its task is over', async () => {
    await open(moduleOf(MOODS));
    expect(await attempt('mood', { is: 'loop' }, { timeoutMs: 100 })).toMatchObject({ error: { code: 'timeout' } });
    expect(await attempt('mood', { is: 'good' })).toEqual({ kind: 'succeeded', result: 'good' });
  });

  it('waits for a thread where all are taken', async () => {
    await open(moduleOf(MOODS), 2);
    const outcomes = await Promise.all([
      attempt('mood', { is: 'loop' }, { timeoutMs: 200 }),
      attempt('mood', { is: 'loop' }, { timeoutMs: 200 }),
      ...Array.from({ length: 20 }, () => attempt('mood', { is: 'good' })),
    ]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['retry', 'retry', ...Array<string>(20).fill('succeeded')]);
  });

  it('that is not there any more after a crash spends no attempt, until it is there again', async () => {
    const path = moduleOf(MOODS);
    await open(path);
    rmSync(path);
    expect(await attempt('mood', { is: 'exit' })).toMatchObject({ error: { code: 'task-crashed' } });
    expect(await attempt('mood', { is: 'good' })).toMatchObject({ kind: 'return', fault: { code: 'task-unloadable' } });
    writeFileSync(path, MOODS);
    expect(await attempt('mood', { is: 'good' })).toEqual({ kind: 'succeeded', result: 'good' });
  });
});

describe('a module', () => {
  const type = (more: string) => `export default [{ name: 'a', payload: {}, run() {}, ${more} }];`;

  it.each([
    ['is not there', () => join(folder, 'nowhere.ts'), /nowhere\.ts can't be loaded: .*nowhere/],
    ['is no TypeScript', () => moduleOf('export const taskTypes: = 1;', 'ts'), /can't be loaded/],
    ['throws', () => moduleOf(`throw new Error('not today');`), /not today/],
    ['ends its thread', () => moduleOf('process.exit(3);'), /exit code 3/],
    ['exports no types', () => moduleOf('export const taskTypes = 1;'), /exports no list taskTypes/],
    ['exports an empty list', () => moduleOf('export default [];'), /taskTypes at "" /],
    ['has a type that does nothing', () => moduleOf(type('run: 1')), /number 1 of its taskTypes has no function run/],
    ['has a type without a name', () => moduleOf(type('name: undefined')), /taskTypes at "\/0" must have name/],
    ['has a name that is none', () => moduleOf(type(`name: 'a b'`)), /taskTypes at "\/0\/name"/],
    [
      'has a payload that is no schema',
      () => moduleOf(type(`payload: { type: 'strng' }`)),
      /payload of a is no JSON Schema: at "\/type"/,
    ],
    [
      'has a pattern that is none',
      () => moduleOf(type(`payload: { pattern: '(' }`)),
      /payload of a is no JSON Schema: .*\//,
    ],
    [
      'has a name of Esteira',
      () => moduleOf(type(`name: 'http-check'`)),
      /can't be used: Two types of task are called http-check/,
    ],
  ])('that %s is refused, with the reason', async (_, path, why) => {
    const opening = open(path());
    await expect(opening).rejects.toThrow(ModuleUnloadable);
    await expect(opening).rejects.toThrow(why);
  });
});
