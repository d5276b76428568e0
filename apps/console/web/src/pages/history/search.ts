import * as v from 'valibot';
import { digits, messageId } from '../../url/parameters.ts';

/** What the history is of, as the address says it: all, one job, or one message. */
export const historySearch = v.object({ job: digits(), message_id: messageId() });
export type HistorySearch = v.InferOutput<typeof historySearch>;

/** What it is narrowed to, in words; undefined where it is all. Pure. */
export function ofText({ job, message_id: messageId }: HistorySearch): string | undefined {
  const parts = [job && `job ${job}`, messageId && `message ${messageId}`].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : `Of ${parts.join(' and ')} alone.`;
}
