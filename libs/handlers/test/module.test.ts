import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Handler, HandlerOutcome } from '@esteira/pipeline';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { ModuleUnloadable, openModuleHandler } from '../src/index.ts';
import { attemptOf, type Note } from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'esteira-'));
let handler: Handler<Note> | undefined;
let nextFile = 1;
let nextId = 1;

afterEach(async () => {
  await handler?.close?.();
  handler = undefined;
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function moduleOf(source: string, ending = 'ts'): string {
  const path = join(folder, `${nextFile++}.${ending}`);
  writeFileSync(path, source);
  return path;
}

/** What the module does depends on the text. */
const MOODS = `
  import type { setTimeout } from 'node:timers/promises';
  export async function check(note: { text: string }, context: { signal: AbortSignal }) {
    const hog: unknown[] = [];
    switch (note.text) {
      case 'loop': for (;;);
      case 'exit': return process.exit(7);
      case 'throw': throw new Error('as asked');
      case 'uncaught': setImmediate(() => { throw new Error('nobody catches this'); }); return new Promise(() => {});
      case 'unhandled': void Promise.reject(new Error('nobody handles this')); return new Promise(() => {});
      case 'hog': for (;;) hog.push(new Array(100_000).fill(hog.length));
      case 'forever': return new Promise(() => {});
      case 'polite': return new Promise((_, reject) => context.signal.addEventListener('abort', () => reject(new Error('stopped'))));
      default: return { kind: 'succeeded', result: note.text };
    }
  }
`;

const open = async (path: string, threads = 1, more: { graceMs?: number } = {}) =>
  (handler = await openModuleHandler<Note>({
    role: 'checker',
    exportName: 'check',
    contextOf: ({ messageId, attempt }) => ({ messageId, attempt }),
    path,
    threads,
    memoryMb: 32,
    ...more,
  }));
const handle = (text: string, timeoutMs = 60_000): Promise<HandlerOutcome> => {
  const { message, context } = attemptOf(nextId++, { text, signal: AbortSignal.timeout(timeoutMs) });
  return Promise.resolve(handler!.handle(message, context));
};

describe('a module', () => {
  it('is told about the attempt', async () => {
    const told = `{ message, context, aborted: signal.aborted }`;
    const check = `(message, { signal, ...context }) => ({ kind: 'succeeded', result: ${told} })`;
    await open(moduleOf(`export const check = ${check};`, 'mjs'));
    const { message, context } = attemptOf(nextId++, { n: 3 });
    const { messageId } = context.attempt;
    expect(await handler?.handle(message, context)).toEqual({
      kind: 'succeeded',
      result: {
        message,
        context: { messageId, attempt: 3 },
        aborted: false,
      },
    });
  });

  it('may export its function by default, and need not be a promise', async () => {
    const error = `{ code: 'no', message: 'no', more: 1 }`;
    await open(moduleOf(`module.exports = () => ({ kind: 'dead-letter', error: ${error} });`, 'cjs'));
    expect(await handle('x')).toEqual({ kind: 'dead-letter', error: { code: 'no', message: 'no' } });
  });

  it.each([
    ['nothing', 'undefined'],
    ['a truth', 'true'],
    ['an unknown kind', `{ kind: 'fine' }`],
    ['an error without code', `{ kind: 'retry', error: { message: 'x' } }`],
    ['a wait that is no number', `{ kind: 'retry', error: { code: 'x', message: 'x' }, afterMs: 'soon' }`],
    ['a skip', `{ kind: 'skip', why: 'cancelled' }`],
  ])('that answers %s has failed this attempt, and is told how to answer', async (_, answer) => {
    await open(moduleOf(`export default () => (${answer});`, 'mjs'));
    expect(await handle('x')).toMatchObject({ kind: 'retry', error: { code: 'checker-answer' } });
  });

  it('that answers what is no JSON has failed this attempt', async () => {
    await open(moduleOf(`export default () => ({ kind: 'succeeded', result: 10n });`, 'mjs'));
    expect(await handle('x')).toMatchObject({ kind: 'retry', error: { code: 'checker-threw' } });
  });

  it.each([
    ['is not there', join(folder, 'nowhere.ts'), /nowhere\.ts can't be loaded/],
    ['is no TypeScript', moduleOf('export const check: = 1;'), /can't be loaded/],
    ['throws', moduleOf(`throw new Error('not today');`, 'mjs'), /not today/],
    ['exports no function', moduleOf(`export const check = 1;`, 'mjs'), /exports no function check/],
    ['ends its thread', moduleOf(`process.exit(3);`, 'mjs'), /exit code 3/],
  ])('that %s stops the start', async (_, path, why) => {
    await expect(open(path)).rejects.toThrow(ModuleUnloadable);
    await expect(open(path)).rejects.toThrow(why);
  });
});

describe('an attempt that goes wrong', () => {
  it.each([
    ['exit', 'checker-crashed', /exit code 7/],
    ['uncaught', 'checker-crashed', /nobody catches this/],
    ['unhandled', 'checker-crashed', /nobody handles this/],
    ['hog', 'checker-crashed', /OUT_OF_MEMORY/],
    ['throw', 'checker-threw', /as asked/],
  ])('by %s is spent, and the next one succeeds', async (mood, code, why) => {
    await open(moduleOf(MOODS));
    const outcome = await handle(mood);
    expect(outcome).toMatchObject({ kind: 'retry', error: { code, message: expect.stringMatching(why) as string } });
    expect(await handle('good')).toEqual({ kind: 'succeeded', result: 'good' });
  });

  it.each(['loop', 'forever'])(
    'by taking %s is ended at its time limit, and leaves a thread that is ready',
    async (mood) => {
      await open(moduleOf(MOODS));
      expect(await handle(mood, 150)).toMatchObject({ kind: 'retry', error: { code: 'timeout' } });
      expect(await handle('good')).toEqual({ kind: 'succeeded', result: 'good' });
    },
  );

  it('is told by its signal first, and keeps its thread when it listens', async () => {
    await open(moduleOf(MOODS), 1, { graceMs: 60_000 });
    expect(await handle('polite', 100)).toMatchObject({
      kind: 'retry',
      error: { code: 'checker-threw', message: 'stopped' },
    });
  });

  it('costs its neighbours nothing: of many at once only the bad ones fail', async () => {
    const threads = 3;
    await open(moduleOf(MOODS), threads);
    const texts = Array.from({ length: 60 }, (_, i) => (i % 20 === 7 ? 'exit' : i % 20 === 13 ? 'loop' : 'good'));
    const outcomes = new Array<HandlerOutcome>(texts.length);
    let next = 0;
    const worker = async () => {
      while (next < texts.length) {
        const index = next++;
        outcomes[index] = await handle(texts[index]!, texts[index] === 'loop' ? 300 : 60_000);
      }
    };
    await Promise.all(Array.from({ length: threads }, worker));
    expect(outcomes.map(({ kind }) => kind)).toEqual(texts.map((text) => (text === 'good' ? 'succeeded' : 'retry')));
  });
});

describe('a module that is gone', () => {
  it('spends no attempt: what can not be loaded again is given back until it is there', async () => {
    const path = moduleOf(MOODS);
    await open(path);
    rmSync(path);
    expect(await handle('exit')).toMatchObject({ kind: 'retry', error: { code: 'checker-crashed' } });
    expect(await handle('good')).toMatchObject({ kind: 'return', fault: { code: 'checker-unloadable' } });
    writeFileSync(path, MOODS);
    expect(await handle('good')).toEqual({ kind: 'succeeded', result: 'good' });
  });
});
