import * as v from 'valibot';
import { instant, oneOf, text } from '../../url/parameters.ts';

export const SORTS = ['-dead_at', 'dead_at', 'message_id', '-message_id'] as const;
export const REASONS = [
  'attempts-exhausted',
  'refused-by-verifier',
  'invalid',
  'identity-conflict',
  'rejected-by-endput',
  'delivery-limit',
  'crashed-consumer',
] as const;
export const STATES = ['dead', 'redriven', 'discarded'] as const;

/** Which dead letters are listed, as the address says it. */
export const deadLettersSearch = v.object({
  state: oneOf(STATES),
  reason: oneOf(REASONS),
  error_code: text(),
  system: text(),
  words: text(),
  from: instant(),
  to: instant(),
  sort: oneOf(SORTS),
});
export type DeadLettersSearch = v.InferOutput<typeof deadLettersSearch>;
