import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchBuffer } from '../src/index.ts';

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
});
