import fc from 'fast-check';
import { expect, it } from 'vitest';
import { limitsOf, waitAt, waited, type Patience } from '../src/patience.ts';

const LONGEST_MS = 60_000;
const limits = limitsOf(LONGEST_MS);

/** Waits, each after a pause, that are used up to the share given. What was waited in all, and how long it took. */
function spent(steps: readonly { readonly pauseMs: number; readonly share: number }[]) {
  let patience: Patience = { leftMs: limits.totalMs, at: 0 };
  let now = 0;
  let total = 0;
  for (const { pauseMs, share } of steps) {
    now += pauseMs;
    const waitMs = waitAt(patience, now, limits) * share;
    expect(waitMs).toBeLessThanOrEqual(LONGEST_MS);
    now += waitMs;
    patience = waited(patience, waitMs, now, limits);
    total += waitMs;
  }
  return { total, now };
}

it('however many are alone, and whenever: others are held up for four minutes, a second for each, and a tenth of the time', () => {
  const step = fc.record({
    pauseMs: fc.integer({ min: 0, max: 300_000 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const { total, now } = spent(steps);
      expect(total).toBeLessThanOrEqual(limits.totalMs + steps.length * limits.shortestMs + now / 10 + 1);
    }),
  );
});

it('after two crashes with 32 long ones in flight the others are held up for less than six minutes', () => {
  const waitedMs = spent(Array.from({ length: 33 }, () => ({ pauseMs: 0, share: 1 }))).total;
  expect(waitedMs).toBeLessThan(6 * 60_000);
});

it('the first are alone for the longest time, each for some, and all is as at first when nobody was held up for long', () => {
  const fresh: Patience = { leftMs: limits.totalMs, at: 0 };
  expect(waitAt(fresh, 0, limits)).toBe(LONGEST_MS);
  expect(waitAt({ leftMs: 0, at: 0 }, 0, limits)).toBe(limits.shortestMs);
  expect(waitAt({ leftMs: 0, at: 0 }, 10 * limits.totalMs, limits)).toBe(LONGEST_MS);
});
