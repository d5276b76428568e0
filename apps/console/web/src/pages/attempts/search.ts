import * as v from 'valibot';
import type { Query } from '../../api/answers.ts';
import { digits, instant, messageId, oneOf, text } from '../../url/parameters.ts';

export const STATUSES = [
  'succeeded',
  'failed',
  'dead-lettered',
  'invalid',
] as const satisfies readonly Query<'/v0/pipelines/{pipeline}/attempts'>['status'][];

/** Which attempts are searched, as the address says it. */
export const attemptsSearch = v.object({
  message_id: messageId(),
  status: oneOf(STATUSES),
  attempt: digits(),
  origin: text(),
  key: text(),
  worker: text(),
  from: instant(),
  to: instant(),
});
export type AttemptsSearch = v.InferOutput<typeof attemptsSearch>;
