import type { attemptSettings, SettingsOf } from '@esteira/config';
import { scheduledDelays, type RetryPolicy } from '@esteira/pipeline';

/**
 * Waits that a handler may ask for, in milliseconds: half a minute, two, ten minutes, an hour. A wish in between takes
 * the next longer one, a longer wish takes the last and may ask again.
 */
const ON_REQUEST_MS = [30_000, 120_000, 600_000, 3_600_000];

/** The settings that a retry policy is made of. */
export type RetrySettings = Pick<
  SettingsOf<typeof attemptSettings>,
  'MAX_ATTEMPTS' | 'RETRY_JITTER' | 'retrySchedule'
> & { readonly ATTEMPT_TIMEOUT_MS: number };

/** The retry policy that the settings ask for, of a handler that may ask for waits of its own, or never does. Pure. */
export function retryPolicy(settings: RetrySettings, mayAskForWaits: boolean): RetryPolicy {
  const { MAX_ATTEMPTS, ATTEMPT_TIMEOUT_MS, RETRY_JITTER, retrySchedule } = settings;
  const delaysMs = scheduledDelays(retrySchedule, MAX_ATTEMPTS);
  const longest = Math.max(...delaysMs);
  return {
    maxAttempts: MAX_ATTEMPTS,
    delaysMs,
    timeoutMs: ATTEMPT_TIMEOUT_MS,
    ...(RETRY_JITTER > 0 ? { jitter: RETRY_JITTER } : {}),
    ...(mayAskForWaits ? { onRequestMs: ON_REQUEST_MS.filter((delayMs) => delayMs > longest) } : {}),
  };
}
