import type { Settings } from '@esteira/config';
import { retryPolicy } from '@esteira/handlers';
import type { RetryPolicy } from '@esteira/pipeline';

/** The retry policy that the settings ask for. The built-in simulation never asks for a wait of its own. Pure. */
export function retryPolicyOf(settings: Settings): RetryPolicy {
  return retryPolicy(settings, settings.VERIFIER !== 'simulated');
}
