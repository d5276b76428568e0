import type { attemptSettings, SettingsOf } from '@esteira/config';
import type { consumerSettings } from '@esteira/consumer/settings';
import { retryPolicy } from '@esteira/handlers';
import type { RetryPolicy } from '@esteira/pipeline';
import type { verifierSettings } from '../settings/verifier.ts';

/** What the retry policy of orders is made of. */
export type RetrySettings = SettingsOf<typeof attemptSettings> &
  Pick<SettingsOf<typeof consumerSettings>, 'ATTEMPT_TIMEOUT_MS'> &
  SettingsOf<typeof verifierSettings>;

/** The retry policy that the settings ask for. The built-in simulation never asks for a wait of its own. Pure. */
export function retryPolicyOf(settings: RetrySettings): RetryPolicy {
  return retryPolicy(settings, settings.VERIFIER !== 'simulated');
}
