import { loadSettings } from '@esteira/settings';
import { decide, policyDelays, type Attempt } from '@esteira/pipeline';
import { describe, expect, it } from 'vitest';
import { retryPolicy } from '../src/index.ts';

const MINUTE = 60_000;

describe('the retry policy of the settings', () => {
  it('is five attempts, 10 s apart, where nothing is set', () => {
    expect(retryPolicy(loadSettings({}), false)).toEqual({ maxAttempts: 5, delaysMs: [10_000], timeoutMs: 30_000 });
  });

  it('has as many exponential delays as there are waits between the attempts', () => {
    const settings = loadSettings({ RETRY_SCHEDULE: 'exponential:1s..10s', MAX_ATTEMPTS: '6' });
    expect(retryPolicy(settings, false).delaysMs).toEqual([1_000, 2_000, 4_000, 8_000, 10_000]);
  });

  it('keeps its last delay for the attempts of a message that carries more', () => {
    const policy = retryPolicy(loadSettings({ RETRY_SCHEDULE: '1s,2s', MAX_ATTEMPTS: '2' }), false);
    const attempt: Attempt = {
      pipeline: 'notes',
      messageId: 'm',
      origin: 'system-1',
      key: '1',
      incarnation: null,
      round: 1,
      attempt: 99,
      maxAttempts: 100,
    };
    const outcome = { kind: 'retry', error: { code: 'no', message: 'no' } } as const;
    expect(decide(attempt, outcome, policy, new Date(0))).toMatchObject({ kind: 'wait', delayMs: 2_000 });
  });

  it('has longer waits on request for a handler that may ask, each longer than the schedule has', () => {
    expect(retryPolicy(loadSettings({ RETRY_SCHEDULE: '1m' }), true).onRequestMs).toEqual([
      2 * MINUTE,
      10 * MINUTE,
      60 * MINUTE,
    ]);
    expect(retryPolicy(loadSettings({ RETRY_SCHEDULE: '1d' }), true).onRequestMs).toEqual([]);
    expect(policyDelays(retryPolicy(loadSettings({}), false))).toEqual([10_000]);
  });

  it('takes jitter where the strategy knows any delay', () => {
    const settings = loadSettings({ RETRY_JITTER: '0.2', DELAY_STRATEGY: 'delayed-exchange' });
    expect(retryPolicy(settings, false).jitter).toBe(0.2);
  });
});
