import { expect, it } from 'vitest';
import { coalescer } from '../src/peers/coalescer.ts';

it('handles together what is asked for at once, in full batches, each answered by its own result', async () => {
  const sizes: number[] = [];
  const ask = coalescer(
    (items: readonly number[]) => {
      sizes.push(items.length);
      return Promise.resolve(items.map((item) => item * 2));
    },
    { most: 4, atOnce: 1 },
  );
  expect(await Promise.all([1, 2, 3, 4, 5, 6].map(ask))).toEqual([2, 4, 6, 8, 10, 12]);
  expect(sizes).toEqual([4, 2]);
});

it('does not keep one alone waiting for others', async () => {
  const ask = coalescer((items: readonly string[]) => Promise.resolve(items));
  expect(await ask('alone')).toBe('alone');
});

it('tells everybody of a batch that failed, and goes on with the next', async () => {
  let fail = true;
  const ask = coalescer((items: readonly number[]) =>
    fail ? Promise.reject(new Error('down')) : Promise.resolve(items),
  );
  const results = await Promise.allSettled([ask(1), ask(2)]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  fail = false;
  expect(await ask(3)).toBe(3);
});
