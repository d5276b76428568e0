import * as v from 'valibot';
import type { Query } from '../../api/answers.ts';
import { instant, oneOf, text } from '../../url/parameters.ts';

type Asked = Required<Query<'/v0/pipelines/{pipeline}/dead-letters'>>;

const SORTS = ['-dead_at', 'dead_at', 'message_id', '-message_id'] as const satisfies readonly Asked['sort'][];
export const REASONS = [
  'attempts-exhausted',
  'refused',
  'invalid',
  'identity-conflict',
  'rejected-by-store',
  'delivery-limit',
  'crashed-consumer',
] as const satisfies readonly Asked['reason'][];
export const STATES = ['dead', 'redriven', 'discarded'] as const satisfies readonly Asked['state'][];

/** What earlier releases called reasons, in addresses that people saved. */
const FORMER = new Map([
  ['refused-by-verifier', 'refused'],
  ['rejected-by-endput', 'rejected-by-store'],
]);
const inPresentWords = v.transform((word: string) => FORMER.get(word) ?? word);

/** What earlier releases called parts of the address. */
export const FORMER_NAMES = { system: 'origin' } as const;

/** Which dead letters are listed, as the address says it. */
export const deadLettersSearch = v.object({
  state: oneOf(STATES),
  reason: oneOf(REASONS, inPresentWords),
  error_code: text(inPresentWords),
  lane: text(),
  origin: text(),
  words: text(),
  from: instant(),
  to: instant(),
  sort: oneOf(SORTS),
});
export type DeadLettersSearch = v.InferOutput<typeof deadLettersSearch>;
