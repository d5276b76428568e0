import { loadSettings } from '@esteira/settings';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LONGEST_HOLD_MS, longestHoldMs, prefetchOf } from '../src/prefetch.ts';

/** RabbitMQ's default `consumer_timeout`, in milliseconds. */
const CONSUMER_TIMEOUT_MS = 30 * 60_000;

describe('what a consumer takes', () => {
  const given = fc.record({
    PREFETCH: fc.integer({ min: 1, max: 65_535 }),
    BATCH_SIZE: fc.integer({ min: 1, max: 10_000 }),
    ATTEMPT_TIMEOUT_MS: fc.integer({ min: 1, max: 900_000 }),
  });

  it('is attempted well within the time RabbitMQ leaves a consumer, even if every attempt runs out of time', () => {
    fc.assert(
      fc.property(given, fc.integer({ min: 1, max: 1_024 }), (settings, concurrency) => {
        const { prefetch, batchSize } = prefetchOf(settings, concurrency);
        const rounds = Math.ceil(prefetch / concurrency);
        expect(rounds * settings.ATTEMPT_TIMEOUT_MS).toBeLessThanOrEqual(LONGEST_HOLD_MS);
        expect(LONGEST_HOLD_MS).toBeLessThanOrEqual(CONSUMER_TIMEOUT_MS / 2);
        expect(prefetch).toBeGreaterThanOrEqual(Math.min(settings.PREFETCH, concurrency));
        expect(prefetch).toBeLessThanOrEqual(settings.PREFETCH);
        expect(batchSize).toBeGreaterThanOrEqual(1);
        expect(batchSize).toBeLessThanOrEqual(Math.min(settings.BATCH_SIZE, prefetch));
      }),
    );
  });

  it('is what the settings say where all attempts begin together', () => {
    expect(prefetchOf(loadSettings({}), undefined)).toEqual({ prefetch: 4_000, batchSize: 1_000 });
  });

  it('is held as long as all attempts last, round after round', () => {
    expect(longestHoldMs(loadSettings({}), undefined)).toBe(31_000);
    expect(longestHoldMs(loadSettings({}), 32)).toBe(29 * 31_000);
    expect(longestHoldMs(loadSettings({ ATTEMPT_TIMEOUT_MS: '900000' }), 2)).toBe(901_000);
  });

  it('is less with a slow verifier', () => {
    expect(prefetchOf(loadSettings({}), 32)).toEqual({ prefetch: 928, batchSize: 464 });
    expect(prefetchOf(loadSettings({ ATTEMPT_TIMEOUT_MS: '900000' }), 2)).toEqual({ prefetch: 2, batchSize: 1 });
  });
});
