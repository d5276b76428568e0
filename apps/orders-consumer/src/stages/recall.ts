import { attemptId, type AttemptLog } from '@esteira/attempt-log';
import { recall as recallAtRest } from '@esteira/dead-letters';
import { STORED_ORDERS } from '@esteira/orders/endput';
import type { Sql } from '@esteira/postgres';
import type { Decoded, Recalled } from '../work.ts';

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
  const restOf = new Map(atRest.map((rest) => [rest.messageId, rest]));
  const madeOf = new Map(made.map((document) => [document.message_id, document]));
  return batch.map((work) => {
    const rest = restOf.get(work.attempt.messageId);
    const attempted = madeOf.get(work.attempt.messageId);
    return { ...work, ...(rest && { rest }), ...(attempted && { made: attempted }) };
  });
}
