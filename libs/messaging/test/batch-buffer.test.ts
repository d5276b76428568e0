import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchBuffer } from '../src/index.ts';
import { boundCost } from './support/bounded-cost.ts';

interface Item {
  readonly key: string;
  readonly seq: number;
}

const keys = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 60 });
const itemsOf = (all: readonly string[]): Item[] => all.map((key, seq) => ({ key, seq }));

describe('batches of a buffer', () => {
  it('never hold two of one key, nor one that is in another batch', () => {
    fc.assert(
      fc.property(keys, fc.integer({ min: 1, max: 8 }), fc.array(fc.boolean()), (all, most, finishes) => {
        const buffer = new BatchBuffer<Item>(({ key }) => key);
        for (const item of itemsOf(all)) buffer.add(item);
        const open: Item[][] = [];
        for (const finish of finishes) {
          if (finish) buffer.done(open.shift() ?? []);
          else open.push(buffer.take(most));
          const running = open.flat().map(({ key }) => key);
          expect(new Set(running).size).toBe(running.length);
        }
      }),
    );
  });

  it('take each item once, and those of one key in the order of arrival', () => {
    fc.assert(
      fc.property(keys, fc.integer({ min: 1, max: 8 }), (all, most) => {
        const buffer = new BatchBuffer<Item>(({ key }) => key);
        for (const item of itemsOf(all)) buffer.add(item);
        const taken: Item[] = [];
        while (buffer.size > 0) {
          const batch = buffer.take(most);
          expect(batch.length).toBeGreaterThan(0);
          taken.push(...batch);
          buffer.done(batch);
        }
        for (const key of new Set(all)) {
          const sequence = taken.filter((item) => item.key === key).map(({ seq }) => seq);
          expect(sequence).toEqual([...sequence].sort((a, b) => a - b));
        }
        expect(taken.length).toBe(all.length);
      }),
    );
  });

  it('stay within their bytes, except for one item that is larger by itself', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 40 });
    fc.assert(
      fc.property(sizes, (all) => {
        const buffer = new BatchBuffer<{ size: number; n: number }>(
          ({ n }) => String(n),
          ({ size }) => size,
        );
        for (const [n, size] of all.entries()) buffer.add({ size, n });
        while (buffer.size > 0) {
          const batch = buffer.take(100, 50);
          const bytes = batch.reduce((sum, { size }) => sum + size, 0);
          expect(batch.length === 1 || bytes <= 50).toBe(true);
          expect(batch.length).toBeGreaterThan(0);
        }
      }),
    );
  });
});

describe('a buffer in which 100,000 wait', () => {
  const MANY = 100_000;

  it('moves each of them a handful of times, though they are taken one by one', () => {
    const buffer = new BatchBuffer<number>(String);
    let taken = 0;
    // What moves items of an array, as many as it holds at most.
    for (const method of ['slice', 'splice', 'shift', 'concat'] as const) {
      boundCost<unknown[]>(Array.prototype as unknown[], method, ({ length }) => length, 5 * MANY);
    }
    for (let index = 0; index < MANY; index += 1) buffer.add(index);
    while (taken < MANY) {
      const batch = buffer.take(1);
      taken += batch.length;
      buffer.done(batch);
    }
    expect(buffer.size).toBe(0);
  });

  it('looks a bounded number of times at each copy of one message, while that runs beside others', () => {
    let looks = 0;
    const buffer = new BatchBuffer<{ readonly key: string }>(({ key }) => {
      looks += 1;
      return key;
    });
    const copy = { key: 'slow' };
    buffer.add(copy);
    const [running] = buffer.take(1);
    for (let index = 0; index < MANY; index += 1) {
      buffer.add(copy);
      buffer.add({ key: String(index) });
      buffer.done(buffer.take(1));
    }
    expect(running).toBe(copy);
    expect(buffer.size).toBe(MANY);
    expect(looks).toBeLessThan(5 * MANY);
  });
});
