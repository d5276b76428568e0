import * as v from 'valibot';
import { digits, text } from '../../url/parameters.ts';

/** What the history is of, as the address says it: all, one job, or one message. */
export const historySearch = v.object({ job: digits(), message_id: text() });
export type HistorySearch = v.InferOutput<typeof historySearch>;
