import { attemptId, type AttemptDocument } from '@esteira/attempt-log';
import type { Order } from '@esteira/orders/domain';
import type { Decoded, Recalled } from '../work.ts';

/** An attempt of the orders pipeline, as the log keeps it. */
export type OrderAttempt = AttemptDocument & { readonly order: Order | null };

/**
 * The id of an attempt's document. Where the log has one of that id which is another order's (a row that had the same id
 * before a truncate), the time its own row was made is part of it, so that both are kept.
 */
export function logIdOf({ attempt: { messageId, round, attempt }, createdAt, idTaken }: Recalled): string {
  const id = attemptId(messageId, round, attempt);
  return idTaken === true ? `${id}:${createdAt ?? 'unknown'}` : id;
}

/** Whether a document is this order's: not that of another one that had its id before, nor of one that could not be read. */
export function isAttemptOf(document: AttemptDocument, { content, createdAt }: Decoded): boolean {
  const { order } = document as OrderAttempt;
  return content.kind === 'readable' ? order?.created_at === createdAt : order === null;
}
