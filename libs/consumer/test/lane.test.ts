import { policyDelays, type RetryPolicy } from '@esteira/pipeline';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { intakeOf, waitsOf, type LaneOptions } from '../src/lane.ts';
import { concurrencyOfBatches } from '../src/lanes.ts';

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
  const settings = {
    PREFETCH: 4_000,
    BATCH_SIZE: 1_000,
    ATTEMPT_TIMEOUT_MS: 599_000,
    RABBITMQ_CONSUMER_TIMEOUT_MS: 1_800_000,
  };

  it('is no more than runs, so that others may have the rest; or as much as it says', () => {
    const taking = { mode: 'each', prefetch: 8, batchSize: 1, batchesInFlight: 8 };
    expect(intakeOf({ mode: 'each', concurrency: 8 }, settings, 32)).toEqual({ taking, holdMs: 600_000 });
    expect(intakeOf({ mode: 'each', concurrency: 8, prefetch: 20 }, settings, 32)).toEqual({
      taking: { ...taking, prefetch: 20 },
      holdMs: 3 * 600_000,
    });
  });
});

describe('a handler that makes 8 attempts at once', () => {
  const left = (lanes: Readonly<Record<string, LaneOptions>>, concurrency?: number) =>
    concurrencyOfBatches({
      pipeline: { name: 'parcels', lanes: ['quick', 'slow'] },
      handler: { name: 'scales', ...(concurrency === undefined ? {} : { concurrency }) },
      lanes,
    });

  it('leaves to lanes in batches what lanes that are handled each by itself do not take', () => {
    expect(left({}, 8)).toBe(8);
    expect(left({ slow: { mode: 'each', concurrency: 5 } }, 8)).toBe(3);
    expect(left({ slow: { mode: 'each', concurrency: 5 } })).toBeUndefined();
  });

  it('is refused lanes that want more, since their messages would run out of time before they begin', () => {
    const slow = { mode: 'each', concurrency: 8 } as const;
    expect(() => left({ slow }, 8)).toThrow('8 attempts at once in lanes of parcels');
    expect(() => left({ slow, quick: { mode: 'each', concurrency: 1 } }, 8)).toThrow('makes 8 in all');
    expect(left({ slow: { ...slow, concurrency: 7 }, quick: { mode: 'each', concurrency: 1 } }, 8)).toBe(1);
  });
});
