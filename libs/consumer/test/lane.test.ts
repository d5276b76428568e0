import { policyDelays, type RetryPolicy } from '@esteira/pipeline';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { intakeOf, waitsOf } from '../src/lane.ts';

const delays = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 5 });
const policy: fc.Arbitrary<RetryPolicy> = fc
  .record({ delaysMs: delays, onRequestMs: delays, jitter: fc.double({ min: 0, max: 1, noNaN: true }) })
  .map((some) => ({ ...some, delaysMs: some.delaysMs as [number, ...number[]], maxAttempts: 5, timeoutMs: 1_000 }));

describe('lanes with policies of their own', () => {
  it('have a place on the broker for every wait, each once, and the most jitter of all', () => {
    fc.assert(
      fc.property(fc.array(policy, { minLength: 1, maxLength: 4 }), (policies) => {
        const waits = waitsOf(policies as [RetryPolicy, ...RetryPolicy[]]);
        expect(new Set(waits.delaysMs)).toEqual(new Set(policies.flatMap(policyDelays)));
        expect(new Set(waits.delaysMs).size).toBe(waits.delaysMs.length);
        expect(waits.jitter ?? 0).toBe(Math.max(...policies.map(({ jitter = 0 }) => jitter)));
      }),
    );
  });
});

describe('what is taken of a lane that is handled each by itself', () => {
  const settings = { PREFETCH: 4_000, BATCH_SIZE: 1_000, ATTEMPT_TIMEOUT_MS: 599_000 };

  it('is no more than runs, so that others may have the rest; or as much as it says', () => {
    const taking = { mode: 'each', prefetch: 8, batchSize: 1, batchesInFlight: 8 };
    expect(intakeOf({ mode: 'each', concurrency: 8 }, settings, 32)).toEqual({ taking, holdMs: 600_000 });
    expect(intakeOf({ mode: 'each', concurrency: 8, prefetch: 20 }, settings, 32)).toEqual({
      taking: { ...taking, prefetch: 20 },
      holdMs: 3 * 600_000,
    });
  });
});
