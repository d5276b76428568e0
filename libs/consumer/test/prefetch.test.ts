import { loadSettings } from '@esteira/settings';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ENDING_MS, longestHoldMs, prefetchOf } from '../src/prefetch.ts';

describe('what a consumer takes', () => {
  const given = fc.record({
    PREFETCH: fc.integer({ min: 1, max: 65_535 }),
    BATCH_SIZE: fc.integer({ min: 1, max: 10_000 }),
    ATTEMPT_TIMEOUT_MS: fc.integer({ min: 1, max: 900_000 }),
    RABBITMQ_CONSUMER_TIMEOUT_MS: fc.integer({ min: 1, max: 7_200_000 }),
  });

  it('is attempted well within the time RabbitMQ leaves a consumer, even if every attempt runs out of time', () => {
    fc.assert(
      fc.property(given, fc.integer({ min: 1, max: 1_024 }), (settings, concurrency) => {
        const { prefetch, batchSize } = prefetchOf(settings, concurrency);
        const rounds = Math.ceil(prefetch / concurrency);
        // One round there must be; whether that is too long is seen at the start.
        const mostMs = Math.max(settings.RABBITMQ_CONSUMER_TIMEOUT_MS / 2, settings.ATTEMPT_TIMEOUT_MS + ENDING_MS);
        expect(rounds * settings.ATTEMPT_TIMEOUT_MS).toBeLessThanOrEqual(mostMs);
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

  it('is less with a RabbitMQ that takes back sooner, so that a start is not refused', () => {
    const settings = loadSettings({ RABBITMQ_CONSUMER_TIMEOUT_MS: '600000' });
    expect(prefetchOf(settings, 32)).toEqual({ prefetch: 288, batchSize: 144 });
    expect(longestHoldMs(settings, 32)).toBeLessThanOrEqual(300_000);
  });

  it('is less with a slow verifier', () => {
    expect(prefetchOf(loadSettings({}), 32)).toEqual({ prefetch: 928, batchSize: 464 });
    expect(prefetchOf(loadSettings({ ATTEMPT_TIMEOUT_MS: '900000' }), 2)).toEqual({ prefetch: 2, batchSize: 1 });
  });
});
