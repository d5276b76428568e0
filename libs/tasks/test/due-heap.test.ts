import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DueHeap } from '../src/domain/index.ts';

const key = fc.integer({ min: 0, max: 20 });
const instant = fc.integer({ min: 0, max: 100 });
const command = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), key, dueAt: instant }),
  fc.record({ kind: fc.constant('delete' as const), key }),
  fc.record({ kind: fc.constant('take' as const), now: instant, limit: fc.integer({ min: 0, max: 10 }) }),
);

describe('the heap of what is due', () => {
  it('gives what a sorted list would, whatever is set, set again, deleted and taken', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 200 }), (commands) => {
        const heap = new DueHeap<number>();
        const list = new Map<number, number>();
        const earliest = () => [...list.values()].sort((a, b) => a - b);
        for (const one of commands) {
          if (one.kind === 'set') {
            heap.set(one.key, one.dueAt);
            list.set(one.key, one.dueAt);
          } else if (one.kind === 'delete') {
            heap.delete(one.key);
            list.delete(one.key);
          } else {
            const wanted = earliest().filter((dueAt) => dueAt <= one.now);
            const taken = heap.takeDue(one.now, one.limit);
            expect(taken.map((name) => list.get(name))).toEqual(wanted.slice(0, one.limit));
            expect(new Set(taken).size).toBe(taken.length);
            for (const name of taken) list.delete(name);
          }
          expect(heap.size).toBe(list.size);
          expect(heap.nextAt()).toBe(earliest()[0] ?? null);
        }
      }),
    );
  });

  it('stays right where entries are replaced so often that they are swept out', () => {
    const heap = new DueHeap();
    for (let round = 0; round < 100; round++) {
      for (let i = 0; i < 100; i++) heap.set(`schedule-${i}`, 1_000_000 - round * 100 + i);
    }
    expect(heap.takeDue(1_000_000, 1_000)).toEqual(Array.from({ length: 100 }, (_, i) => `schedule-${i}`));
    expect(heap.nextAt()).toBeNull();
  });
});
