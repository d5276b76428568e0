import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { watched, type Watch } from '../src/index.ts';

const LONGEST_WAIT = 10;
const MAX_ATTEMPTS = 3;

/** A lane, first in, first out; the row watched is 0, and others come after it. */
function world() {
  let now = 0;
  let lane = [0];
  let waiting: { id: number; due: number }[] = [];
  let newestAtRest: number | undefined;
  let published = 0;
  let attempts = 0;
  const position = (id: number) => ({ transactionId: '1', id: String(id) });
  const comeBack = () => {
    lane = [...lane, ...waiting.filter(({ due }) => due <= now).map(({ id }) => id)];
    waiting = waiting.filter(({ due }) => due > now);
  };
  return {
    attempts: () => attempts,
    tick: (ms: number) => {
      now += ms;
      comeBack();
    },
    publish: () => (lane = [...lane, ++published]),
    /** The first of the lane is attempted: others come to rest, the row watched waits again. */
    attempt: () => {
      const [id, ...rest] = lane;
      lane = rest;
      if (id === undefined) return;
      if (id === 0) {
        attempts += 1;
        waiting = [...waiting, { id, due: now + LONGEST_WAIT }];
      } else newestAtRest = Math.max(newestAtRest ?? 0, id);
    },
    come: () => ({
      ...{ now, longestWaitMs: LONGEST_WAIT, cursor: position(published), areLanesEmpty: lane.length === 0 },
      newestAtRest: newestAtRest === undefined ? undefined : position(newestAtRest),
    }),
  };
}

describe('an open row that is watched', () => {
  it('is passed no more often than its message was attempted, whatever goes on meanwhile', () => {
    const step = fc.oneof(
      fc.constantFrom('publish' as const, 'attempt' as const, 'reconcile' as const),
      fc.integer({ min: 1, max: 15 }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const one = world();
        let watch: Watch | undefined;
        for (const what of steps) {
          if (typeof what === 'number') one.tick(what);
          else if (what === 'reconcile') watch = watched(watch, one.come());
          else one[what]();
          expect(watch?.passes ?? 0).toBeLessThanOrEqual(one.attempts());
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is passed as often as a message may be attempted within twice as many reconciliations, while orders go on', () => {
    let watch: Watch | undefined;
    for (let i = 0; i <= 2 * MAX_ATTEMPTS; i += 1) {
      const at = { transactionId: '1', id: String(i * 100) };
      const rested = { transactionId: '1', id: String(i * 100 - 1) };
      watch = watched(watch, {
        ...{ now: i * 60, longestWaitMs: LONGEST_WAIT, cursor: at, newestAtRest: rested, areLanesEmpty: false },
      });
    }
    expect(watch?.passes).toBe(MAX_ATTEMPTS);
  });

  it('is not passed while nothing that was published after it comes to rest', () => {
    let watch: Watch | undefined;
    for (let i = 0; i < 20; i += 1) {
      const cursor = { transactionId: '1', id: '100' };
      const stuck = {
        ...{ now: i * 60, longestWaitMs: LONGEST_WAIT, cursor },
        newestAtRest: cursor,
        areLanesEmpty: false,
      };
      watch = watched(watch, stuck);
    }
    expect(watch?.passes).toBe(0);
  });
});
