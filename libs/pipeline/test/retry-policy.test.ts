import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cappedDelay,
  chanceOf,
  decide,
  delayAfter,
  exponentialDelay,
  jitteredDelay,
  policyDelays,
  scheduledDelays,
  waitsBefore,
  type Attempt,
  type RetryPolicy,
} from '../src/index.ts';

const SECOND = 1_000;
const delay = fc.integer({ min: 1, max: 86_400_000 });
const delays = fc.array(delay, { minLength: 1, maxLength: 20 }).map((list) => list as [number, ...number[]]);
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const exponential = fc.record({
  kind: fc.constant('exponential' as const),
  firstMs: fc.integer({ min: 1, max: 60 * SECOND }),
  factor: fc.double({ min: 1, max: 10, noNaN: true }),
  capMs: fc.integer({ min: 60 * SECOND, max: 86_400_000 }),
});
const attemptOf = (messageId: string, attempt = 1): Attempt => ({
  pipeline: 'orders',
  messageId,
  origin: 'system-1',
  key: '1',
  incarnation: null,
  round: 1,
  attempt,
  maxAttempts: 100,
});

describe('an exponential schedule', () => {
  it('reads as its documentation says', () => {
    const delaysMs = scheduledDelays({ kind: 'exponential', firstMs: SECOND, factor: 2, capMs: 300 * SECOND }, 12);
    expect(delaysMs.map((ms) => ms / SECOND)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    expect(delaysMs.reduce((sum, ms) => sum + ms)).toBe((18 * 60 + 31) * SECOND);
  });

  it('has a delay between each two attempts, starts at its first, never shrinks, never exceeds its cap', () => {
    fc.assert(
      fc.property(exponential, fc.integer({ min: 1, max: 100 }), (schedule, maxAttempts) => {
        const delaysMs = scheduledDelays(schedule, maxAttempts);
        expect(delaysMs).toHaveLength(Math.max(1, maxAttempts - 1));
        expect(delaysMs[0]).toBe(schedule.firstMs);
        for (const [index, delayMs] of delaysMs.entries()) {
          expect(Number.isInteger(delayMs)).toBe(true);
          expect(delayMs).toBeLessThanOrEqual(schedule.capMs);
          expect(delayMs).toBeGreaterThanOrEqual(delaysMs[index - 1] ?? 0);
        }
      }),
    );
  });

  it('is base, then cap', () => {
    expect(exponentialDelay(SECOND, 3, 4)).toBe(27 * SECOND);
    expect(cappedDelay(27 * SECOND, 20 * SECOND)).toBe(20 * SECOND);
    expect(cappedDelay(exponentialDelay(SECOND, 10, 1_000), 20 * SECOND)).toBe(20 * SECOND);
  });
});

describe('a list', () => {
  it('stands as it is, whatever the max attempts: a message may carry more', () => {
    fc.assert(
      fc.property(delays, fc.integer({ min: 1, max: 100 }), (delaysMs, maxAttempts) => {
        expect(scheduledDelays({ kind: 'list', delaysMs }, maxAttempts)).toEqual(delaysMs);
      }),
    );
  });
});

describe('jitter', () => {
  it('only makes a delay longer, by no more than its share', () => {
    fc.assert(
      fc.property(delay, fc.double({ min: 0, max: 1, noNaN: true }), chance, (delayMs, jitter, drawn) => {
        const jittered = jitteredDelay(delayMs, jitter, drawn);
        expect(Number.isInteger(jittered)).toBe(true);
        expect(jittered).toBeGreaterThanOrEqual(delayMs);
        expect(jittered).toBeLessThanOrEqual(Math.ceil(delayMs * (1 + jitter)));
      }),
    );
  });

  it('is drawn by a copy of the message just the same, and by others differently', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.integer({ min: 1, max: 100 }), (messageId, attempt) => {
        const drawn = chanceOf(attemptOf(messageId, attempt));
        expect(drawn).toBe(chanceOf(attemptOf(messageId, attempt)));
        expect(drawn).toBeGreaterThanOrEqual(0);
        expect(drawn).toBeLessThan(1);
      }),
    );
    const thousand = Array.from({ length: 1_000 }, (_, index) => chanceOf(attemptOf(String(index))));
    const mean = thousand.reduce((sum, drawn) => sum + drawn) / 1_000;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.05);
    expect(new Set(thousand).size).toBeGreaterThan(990);
  });

  it('spreads what failed together, and leaves a policy without it alone', () => {
    const policy: RetryPolicy = { maxAttempts: 5, delaysMs: [10 * SECOND], timeoutMs: SECOND, jitter: 0.5 };
    const outcome = { kind: 'retry', error: { code: 'no', message: 'no' } } as const;
    const waits = Array.from({ length: 100 }, (_, index) => {
      const decision = decide(attemptOf(String(index)), outcome, policy, new Date(0));
      return decision.kind === 'wait' ? decision.delayMs : 0;
    });
    expect(new Set(waits).size).toBeGreaterThan(90);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(10 * SECOND);
    expect(Math.max(...waits)).toBeLessThanOrEqual(15 * SECOND);
    const plain = decide(attemptOf('1'), outcome, { ...policy, jitter: 0 }, new Date(0));
    expect(plain).toMatchObject({ delayMs: 10 * SECOND, dueAt: new Date(10 * SECOND) });
  });
});

describe('a wish of the handler', () => {
  it('is never cut short where the policy has a delay that is long enough, and always takes one of its delays', () => {
    fc.assert(
      fc.property(
        delays,
        fc.array(delay),
        fc.integer({ min: 0, max: 86_400_000 }),
        (delaysMs, onRequestMs, afterMs) => {
          const policy: RetryPolicy = { maxAttempts: 5, delaysMs, timeoutMs: SECOND, onRequestMs };
          const waited = delayAfter(policy, 1, afterMs);
          expect(policyDelays(policy)).toContain(waited);
          if (Math.max(...delaysMs, ...onRequestMs) >= afterMs) expect(waited).toBeGreaterThanOrEqual(afterMs);
        },
      ),
    );
  });

  it('alone takes the delays on request: a failure without one follows the schedule', () => {
    const policy: RetryPolicy = { maxAttempts: 5, delaysMs: [SECOND], timeoutMs: SECOND, onRequestMs: [60 * SECOND] };
    expect([1, 2, 50].map((attempt) => delayAfter(policy, attempt))).toEqual([SECOND, SECOND, SECOND]);
    expect(delayAfter(policy, 1, 30 * SECOND)).toBe(60 * SECOND);
    expect(delayAfter(policy, 1, 3_600 * SECOND)).toBe(60 * SECOND);
  });
});

describe('the waits before an attempt', () => {
  it('are those after each attempt before it, jitter at its most', () => {
    expect(waitsBefore({ delaysMs: [10 * SECOND] }, 5).map((wait) => wait / SECOND)).toEqual([0, 10, 20, 30, 40]);
    expect(waitsBefore({ delaysMs: [SECOND, 60 * SECOND] }, 4)).toEqual([0, 1, 61, 121].map((wait) => wait * SECOND));
    expect(waitsBefore({ delaysMs: [SECOND], jitter: 0.2 }, 3)).toEqual([0, 1_200, 2_400]);
    expect(waitsBefore({ delaysMs: [SECOND] }, 1)).toEqual([0]);
  });
});

describe('the delays of a policy', () => {
  it('are each of the schedule and each on request, once', () => {
    fc.assert(
      fc.property(delays, fc.array(delay), (delaysMs, onRequestMs) => {
        const all = policyDelays({ maxAttempts: 5, delaysMs, timeoutMs: SECOND, onRequestMs });
        expect(new Set(all)).toEqual(new Set([...delaysMs, ...onRequestMs]));
        expect(all).toHaveLength(new Set(all).size);
      }),
    );
  });
});
