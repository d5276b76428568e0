import { attemptId, type AttemptDocument, type AttemptLog } from '@esteira/attempt-log';
import { recall as recallAtRest } from '@esteira/dead-letters';
import { STORED_ORDERS } from '@esteira/orders/endput';
import type { Sql } from '@esteira/postgres';
import type { Decoded, Recalled } from '../work.ts';
import type { OrderAttempt } from './log-entry.ts';

/** What recalling asks. */
export interface Memory {
  readonly endput: Sql;
  readonly attemptLog: AttemptLog;
}

/** Finds out which messages are at rest already, and which attempts were made already: a query each for the batch. */
export async function recall(batch: readonly Decoded[], { endput, attemptLog }: Memory): Promise<Recalled[]> {
  const known = batch.filter(({ content }) => content.kind !== 'too-new');
  const [atRest, made] = await Promise.all([
    recallAtRest(
      endput,
      STORED_ORDERS,
      known.map(({ attempt, createdAt }) => ({ messageId: attempt.messageId, round: attempt.round, createdAt })),
    ),
    attemptLog.find(known.map(({ attempt: a }) => attemptId(a.messageId, a.round, a.attempt))),
  ]);
  const restOf = new Map(known.map((work, index) => [work, atRest[index]]));
  const madeOf = new Map(made.map((document) => [document._id, document]));
  return batch.map((work) => {
    const { messageId, round, attempt } = work.attempt;
    const rest = restOf.get(work);
    const document = madeOf.get(attemptId(messageId, round, attempt));
    const attempted = document !== undefined && isAttemptOf(document, work) ? document : undefined;
    return { ...work, ...(rest && { rest }), ...(attempted && { made: attempted }) };
  });
}

/** Whether it is this order's: not that of another one that had its id before, nor of one that could not be read. */
function isAttemptOf(document: AttemptDocument, { content, createdAt }: Decoded): boolean {
  if (content.kind !== 'readable') return true;
  return (document as OrderAttempt).order?.created_at === createdAt;
}
