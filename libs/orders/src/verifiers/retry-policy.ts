import type { Settings } from '@esteira/config';
import { scheduledDelays, type RetryPolicy } from '@esteira/pipeline';

/**
 * Waits that a verifier may ask for, in milliseconds: half a minute, two, ten minutes, an hour. A wish in between takes
 * the next longer one, a longer wish takes the last and may ask again.
 */
const ON_REQUEST_MS = [30_000, 120_000, 600_000, 3_600_000];

/** The retry policy that the settings ask for. The built-in simulation never asks for a wait of its own. Pure. */
export function retryPolicyOf(settings: Settings): RetryPolicy {
  const { MAX_ATTEMPTS, ATTEMPT_TIMEOUT_MS, RETRY_JITTER, VERIFIER, retrySchedule } = settings;
  const delaysMs = scheduledDelays(retrySchedule, MAX_ATTEMPTS);
  const longest = Math.max(...delaysMs);
  return {
    maxAttempts: MAX_ATTEMPTS,
    delaysMs,
    timeoutMs: ATTEMPT_TIMEOUT_MS,
    ...(RETRY_JITTER > 0 ? { jitter: RETRY_JITTER } : {}),
    ...(VERIFIER === 'simulated' ? {} : { onRequestMs: ON_REQUEST_MS.filter((delayMs) => delayMs > longest) }),
  };
}
