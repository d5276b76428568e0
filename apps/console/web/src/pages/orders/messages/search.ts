import * as v from 'valibot';
import type { Query } from '../../../api/answers.ts';
import { digits, instant, oneOf, text } from '../../../url/parameters.ts';

export const STATUSES = [
  'succeeded',
  'failed',
  'dead-lettered',
  'invalid',
] as const satisfies readonly Query<'/v0/pipelines/orders/messages'>['status'][];

/** What is searched, as the address says it. */
export const messagesSearch = v.object({
  system: text(),
  source_id: digits(),
  words: text(),
  status: oneOf(STATUSES),
  attempt: digits(),
  from: instant(),
  to: instant(),
});
export type MessagesSearch = v.InferOutput<typeof messagesSearch>;

/** Whether a system is given, and neither words nor a source id: no index serves that. Pure. */
export const isSystemAlone = ({ system, source_id: sourceId, words }: MessagesSearch): boolean =>
  system !== undefined && sourceId === undefined && words === undefined;
