import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AckTracker } from '../src/index.ts';
import { boundCost } from './support/bounded-cost.ts';

/** Delivery tags 1..n in any order of settling. */
const order = fc.integer({ min: 1, max: 60 }).chain((n) =>
  fc.shuffledSubarray(
    Array.from({ length: n }, (_, index) => index + 1),
    { minLength: n },
  ),
);

describe('acking with multiple', () => {
  it('never reaches across a delivery that is not settled', () => {
    fc.assert(
      fc.property(order, (tags) => {
        const tracker = new AckTracker();
        const settled = new Set<number>();
        for (const tag of tags) {
          tracker.settle(tag);
          settled.add(tag);
          const upTo = tracker.advance() ?? 0;
          for (let below = 1; below <= upTo; below += 1) expect(settled.has(below)).toBe(true);
        }
      }),
    );
  });

  it('reaches everything once all is settled', () => {
    fc.assert(
      fc.property(order, (tags) => {
        const tracker = new AckTracker();
        const reached = tags.map((tag) => {
          tracker.settle(tag);
          return tracker.advance() ?? 0;
        });
        expect(Math.max(...reached)).toBe(tags.length);
        expect(tracker.takeBeyondGap()).toEqual([]);
      }),
    );
  });

  it('names what is settled beyond a gap, and only that', () => {
    fc.assert(
      fc.property(order, fc.nat(), (tags, at) => {
        const missing = tags[at % tags.length];
        const tracker = new AckTracker();
        for (const tag of tags) if (tag !== missing) tracker.settle(tag);
        tracker.advance();
        expect(tracker.takeBeyondGap()).toEqual(tags.filter((tag) => tag > (missing ?? 0)).sort((a, b) => a - b));
        expect(tracker.takeBeyondGap()).toEqual([]);
      }),
    );
  });

  it('acks each delivery once, and none of several by a tag that was acked alone before', () => {
    fc.assert(
      fc.property(order, fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }), (tags, alone) => {
        const tracker = new AckTracker();
        const acked = new Set<number>();
        for (const [index, tag] of tags.entries()) {
          tracker.settle(tag);
          const upTo = tracker.advance();
          if (upTo !== undefined) {
            expect(acked.has(upTo)).toBe(false);
            for (let below = 1; below <= upTo; below += 1) acked.add(below);
          }
          for (const one of alone[index] ? tracker.takeBeyondGap() : []) {
            expect(acked.has(one)).toBe(false);
            acked.add(one);
          }
        }
        expect(acked.size).toBe(tags.length);
      }),
    );
  });
});

describe('acks of 100,000 that are settled in the order in which they came', () => {
  it('look a bounded number of times at each', () => {
    const MANY = 100_000;
    boundCost<Set<unknown>>(Set.prototype, 'delete', () => 1, 4 * MANY);
    const tracker = new AckTracker();
    let upTo = 0;
    for (let tag = 1; tag <= MANY; tag += 1) {
      tracker.settle(tag);
      upTo = tracker.advance() ?? upTo;
    }
    expect(upTo).toBe(MANY);
  });
});
