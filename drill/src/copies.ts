import type { AttemptLog } from '@esteira/attempt-log';
import { republishedOrders } from '@esteira/orders/source';
import { HEADER, type OutgoingMessage } from '@esteira/pipeline';
import type { Connections } from '@esteira/cli/connections';

/**
 * Copies of messages that were really sent: the first message of an order, and those of the attempts that followed, as
 * the attempt log knows them. Rows are taken by chance from those that exist; one that was not published yet is then
 * simply published twice.
 */
export async function copiesOfSome(
  { systems, attemptLog }: Pick<Connections, 'systems' | 'attemptLog'>,
  count: number,
  maxAttempts: number,
): Promise<OutgoingMessage[]> {
  const each = Math.ceil(count / systems.length);
  const copies: OutgoingMessage[] = [];
  for (const { name, source } of systems) {
    const rows = await source.query<{ id: string }>('select id::text as id from orders order by random() limit $1', [
      each,
    ]);
    const firsts = await republishedOrders(
      source,
      name,
      rows.map(({ id }) => ({ id, round: 1 })),
      maxAttempts,
    );
    copies.push(
      ...(await withLaterAttempts(
        firsts.map(({ message }) => message),
        attemptLog,
      )),
    );
  }
  return copies;
}

/** The first message, or that of the last attempt that a failure led to. */
async function withLaterAttempts(
  firsts: readonly OutgoingMessage[],
  attemptLog: Pick<AttemptLog, 'ofMessages'>,
): Promise<OutgoingMessage[]> {
  const made = await attemptLog.ofMessages(firsts.map(({ messageId }) => messageId));
  return firsts.map((first, index) => {
    const failed = made.filter(({ message_id, status }) => message_id === first.messageId && status === 'failed');
    const last = failed.at(-1);
    if (last === undefined || index % 2 === 0) return first;
    return { ...first, headers: { ...first.headers, [HEADER.attempt]: last.attempt + 1 } };
  });
}
