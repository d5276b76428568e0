import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { VerifierOutcome } from '@esteira/pipeline';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { Verifier } from '../src/domain/index.ts';
import { ModuleUnloadable, openModuleVerifier } from '../src/verifiers/index.ts';
import { verify as exampleVerify } from '../../../examples/verifier.ts';
import { attemptOf } from './verifier-support.ts';

const EXAMPLE = join(import.meta.dirname, '../../../examples/verifier.ts');
const folder = mkdtempSync(join(tmpdir(), 'esteira-'));
let verifier: Verifier | undefined;
let nextFile = 1;
let nextId = 1;

afterEach(async () => {
  await verifier?.close?.();
  verifier = undefined;
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function moduleOf(source: string, ending = 'ts'): string {
  const path = join(folder, `${nextFile++}.${ending}`);
  writeFileSync(path, source);
  return path;
}

/** What the module does depends on the product. */
const MOODS = `
  import type { setTimeout } from 'node:timers/promises';
  export async function verify({ order }: { order: { product: string } }, context: { signal: AbortSignal }) {
    const hog: unknown[] = [];
    switch (order.product) {
      case 'loop': for (;;);
      case 'exit': return process.exit(7);
      case 'throw': throw new Error('as asked');
      case 'uncaught': setImmediate(() => { throw new Error('nobody catches this'); }); return new Promise(() => {});
      case 'unhandled': void Promise.reject(new Error('nobody handles this')); return new Promise(() => {});
      case 'hog': for (;;) hog.push(new Array(100_000).fill(hog.length));
      case 'forever': return new Promise(() => {});
      case 'polite': return new Promise((_, reject) => context.signal.addEventListener('abort', () => reject(new Error('stopped'))));
      default: return { kind: 'succeeded', result: order.product };
    }
  }
`;

const open = async (path: string, threads = 1, more: { graceMs?: number } = {}) =>
  (verifier = await openModuleVerifier({ path, threads, memoryMb: 32, ...more }));
const verify = (product: string, timeoutMs = 60_000): Promise<VerifierOutcome> => {
  const { message, context } = attemptOf(nextId++, { product, signal: AbortSignal.timeout(timeoutMs) });
  return Promise.resolve(verifier!.verify(message, context));
};

describe('the example', () => {
  it('verifies: an order without product is a dead letter, one without security check a retry', async () => {
    await open(EXAMPLE);
    expect(await verify('2 CDs')).toEqual({ kind: 'succeeded', result: { for_a_person: false } });
    expect(await verify(' ')).toMatchObject({ kind: 'dead-letter', error: { code: 'no-product' } });
    const { message, context } = attemptOf(nextId++);
    const unchecked = { ...message, order: { ...message.order, security_check: false } };
    expect(await verifier?.verify(unchecked, context)).toMatchObject({
      kind: 'retry',
      error: { code: 'security-check' },
    });
  });

  it('is a function like any other: no cent of a price is lost', async () => {
    const { message, context } = attemptOf(nextId++);
    const { attempt, messageId, system, round, maxAttempts } = { ...context.attempt };
    const known = { attempt, messageId, system, round, maxAttempts, signal: context.signal };
    const outcomeOf = (price: string) => exampleVerify({ ...message, order: { ...message.order, price } }, known);
    expect(await outcomeOf('1000.00')).toMatchObject({ result: { for_a_person: false } });
    expect(await outcomeOf('1000.01')).toMatchObject({ result: { for_a_person: true } });
    expect(await outcomeOf('1000')).toMatchObject({ result: { for_a_person: false } });
  });
});

describe('a module', () => {
  it('is told about the attempt', async () => {
    const told = `{ message, context, aborted: signal.aborted }`;
    const verify = `(message, { signal, ...context }) => ({ kind: 'succeeded', result: ${told} })`;
    await open(moduleOf(`export const verify = ${verify};`, 'mjs'));
    const { message, context } = attemptOf(nextId++, { n: 3 });
    const { messageId } = context.attempt;
    expect(await verifier?.verify(message, context)).toEqual({
      kind: 'succeeded',
      result: {
        message,
        context: { messageId, system: 'system-1', attempt: 3, maxAttempts: 5, round: 1 },
        aborted: false,
      },
    });
  });

  it('may export its function by default, and need not be a promise', async () => {
    const error = `{ code: 'no', message: 'no', more: 1 }`;
    await open(moduleOf(`module.exports = () => ({ kind: 'dead-letter', error: ${error} });`, 'cjs'));
    expect(await verify('x')).toEqual({ kind: 'dead-letter', error: { code: 'no', message: 'no' } });
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
    expect(await verify('x')).toMatchObject({ kind: 'retry', error: { code: 'verifier-answer' } });
  });

  it('that answers what is no JSON has failed this attempt', async () => {
    await open(moduleOf(`export default () => ({ kind: 'succeeded', result: 10n });`, 'mjs'));
    expect(await verify('x')).toMatchObject({ kind: 'retry', error: { code: 'verifier-threw' } });
  });

  it.each([
    ['is not there', join(folder, 'nowhere.ts'), /nowhere\.ts can't be loaded/],
    ['is no TypeScript', moduleOf('export const verify: = 1;'), /can't be loaded/],
    ['throws', moduleOf(`throw new Error('not today');`, 'mjs'), /not today/],
    ['exports no function', moduleOf(`export const verify = 1;`, 'mjs'), /exports no function verify/],
    ['ends its thread', moduleOf(`process.exit(3);`, 'mjs'), /exit code 3/],
  ])('that %s stops the start', async (_, path, why) => {
    await expect(open(path)).rejects.toThrow(ModuleUnloadable);
    await expect(open(path)).rejects.toThrow(why);
  });
});

describe('an attempt that goes wrong', () => {
  it.each([
    ['exit', 'verifier-crashed', /exit code 7/],
    ['uncaught', 'verifier-crashed', /nobody catches this/],
    ['unhandled', 'verifier-crashed', /nobody handles this/],
    ['hog', 'verifier-crashed', /OUT_OF_MEMORY/],
    ['throw', 'verifier-threw', /as asked/],
  ])('by %s is spent, and the next one succeeds', async (mood, code, why) => {
    await open(moduleOf(MOODS));
    const outcome = await verify(mood);
    expect(outcome).toMatchObject({ kind: 'retry', error: { code, message: expect.stringMatching(why) as string } });
    expect(await verify('good')).toEqual({ kind: 'succeeded', result: 'good' });
  });

  it.each(['loop', 'forever'])(
    'by taking %s is ended at its time limit, and leaves a thread that is ready',
    async (mood) => {
      await open(moduleOf(MOODS));
      expect(await verify(mood, 150)).toMatchObject({ kind: 'retry', error: { code: 'timeout' } });
      expect(await verify('good')).toEqual({ kind: 'succeeded', result: 'good' });
    },
  );

  it('is told by its signal first, and keeps its thread when it listens', async () => {
    await open(moduleOf(MOODS), 1, { graceMs: 60_000 });
    expect(await verify('polite', 100)).toMatchObject({
      kind: 'retry',
      error: { code: 'verifier-threw', message: 'stopped' },
    });
  });

  it('costs its neighbours nothing: of many at once only the bad ones fail', async () => {
    const threads = 3;
    await open(moduleOf(MOODS), threads);
    const products = Array.from({ length: 60 }, (_, i) => (i % 20 === 7 ? 'exit' : i % 20 === 13 ? 'loop' : 'good'));
    const outcomes = new Array<VerifierOutcome>(products.length);
    let next = 0;
    const worker = async () => {
      while (next < products.length) {
        const index = next++;
        outcomes[index] = await verify(products[index]!, products[index] === 'loop' ? 300 : 60_000);
      }
    };
    await Promise.all(Array.from({ length: threads }, worker));
    expect(outcomes.map(({ kind }) => kind)).toEqual(
      products.map((product) => (product === 'good' ? 'succeeded' : 'retry')),
    );
  });
});

describe('a module that is gone', () => {
  it('spends no attempt: what can not be loaded again is given back until it is there', async () => {
    const path = moduleOf(MOODS);
    await open(path);
    rmSync(path);
    expect(await verify('exit')).toMatchObject({ kind: 'retry', error: { code: 'verifier-crashed' } });
    expect(await verify('good')).toMatchObject({ kind: 'return', fault: { code: 'verifier-unloadable' } });
    writeFileSync(path, MOODS);
    expect(await verify('good')).toEqual({ kind: 'succeeded', result: 'good' });
  });
});
