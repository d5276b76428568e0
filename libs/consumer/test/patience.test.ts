import fc from 'fast-check';
import { expect, it } from 'vitest';
import { heldUp, leftAt, limitsOf, type Patience } from '../src/patience.ts';

const limits = limitsOf(60_000);

it('however often and for however long some want to be alone, others are held up for four minutes and a tenth of the time', () => {
  const step = fc.record({ pauseMs: fc.nat(600_000), wantedMs: fc.nat(600_000) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      let patience: Patience = { leftMs: limits.totalMs, at: 0 };
      let now = 0;
      let total = 0;
      for (const { pauseMs, wantedMs } of steps) {
        now += pauseMs;
        const heldMs = Math.min(wantedMs, leftAt(patience, now, limits));
        now += wantedMs;
        total += heldMs;
        patience = heldUp(patience, wantedMs, now, limits);
        expect(patience.leftMs).toBeGreaterThanOrEqual(0);
      }
      expect(total).toBeLessThanOrEqual(limits.totalMs + now / 10 + 1);
    }),
  );
});

it('all is as at first when nobody was held up for ten times as long', () => {
  expect(leftAt({ leftMs: 0, at: 0 }, 0, limits)).toBe(0);
  expect(leftAt({ leftMs: 0, at: 0 }, 10 * limits.totalMs, limits)).toBe(limits.totalMs);
});
