import { isLogFault, MOST_ITEMS, type AttemptLog, type AttemptSearch } from '@esteira/attempt-log';
import { present } from '@esteira/pipeline';
import { hitOfAttempt, type MessageHit } from './hit.ts';
import type { MessagePage } from './page.ts';

/** What of a search is asked of attempts. */
export type AskedOfAttempts = Pick<AttemptSearch, 'status' | 'attempt' | 'from' | 'to'>;

/** Whether anything is. Pure. */
export const asksOfAttempts = ({ status, attempt, from, to }: AskedOfAttempts): boolean =>
  [status, attempt, from, to].some((one) => one !== undefined);

/** Whether the last attempt of a message, which is all that a table knows, is as asked. Pure. */
export const isAsAsked = (hit: MessageHit, { status, attempt, from, to }: AskedOfAttempts): boolean =>
  hit.status === (status ?? hit.status) &&
  hit.attempt === (attempt ?? hit.attempt) &&
  (from === undefined || Date.parse(hit.at) >= from.getTime()) &&
  (to === undefined || Date.parse(hit.at) < to.getTime());

/** Says that the log could not be asked, and why. Pure. */
export const unsearchedLog = (fault: unknown): string =>
  `The attempt log: ${fault instanceof Error ? fault.message : String(fault)}`;

/**
 * Of these messages, those with an attempt that is as asked: the latest one, as the log has it. What the log has forgotten
 * is known by its last attempt alone; so is everything while the log is away.
 */
export async function ofAttempts(
  { attemptLog }: { readonly attemptLog: Pick<AttemptLog, 'search'> },
  search: AskedOfAttempts,
  page: MessagePage,
): Promise<MessagePage> {
  const unsearched = [...page.unsearched];
  const latest = await latestOf(
    attemptLog,
    search,
    page.items.map(({ messageId }) => messageId),
  ).catch((fault: unknown) => {
    if (!isLogFault(fault)) throw fault;
    unsearched.push(unsearchedLog(fault));
    return new Map<string, MessageHit>();
  });
  const items = page.items.flatMap((hit) => {
    const logged = latest.get(hit.messageId);
    if (logged !== undefined) return [logged];
    return isAsAsked(hit, search) ? [hit] : [];
  });
  return { ...page, items, unsearched, index: `${page.index}, message_id_1` };
}

/** The latest attempt of each message that is as asked. */
async function latestOf(
  attemptLog: Pick<AttemptLog, 'search'>,
  { status, attempt, from, to }: AskedOfAttempts,
  messageIds: readonly string[],
): Promise<Map<string, MessageHit>> {
  const latest = new Map<string, MessageHit>();
  const asked = { messageIds, limit: MOST_ITEMS, ...present({ status, attempt, from, to }) };
  let cursor: string | undefined;
  do {
    const { items, nextCursor } = await attemptLog.search({ ...asked, ...present({ cursor }) });
    for (const document of items) {
      if (!latest.has(document.message_id)) latest.set(document.message_id, hitOfAttempt(document));
    }
    cursor = nextCursor ?? undefined;
  } while (cursor !== undefined);
  return latest;
}
