import type { AttemptLog } from '@esteira/attempt-log';
import { bury, LOCK_TO_BURY, LOCK_TO_STORE, supersede, type Burial, type DeadLetter } from '@esteira/dead-letters';
import { STORED_ORDERS, storeOrders, type OrderToStore, type Stored as StoreResult } from '@esteira/orders/endput';
import { contentId, type DeadLetterReason, type Decision } from '@esteira/pipeline';
import type { Bisected, Postgres } from '@esteira/postgres';
import type { Decided, Stored } from '../work.ts';
import { deadLetterOf } from './dead-letter.ts';

/** Where effects go. */
export interface Storing {
  readonly endput: Postgres;
  readonly attemptLog: AttemptLog;
  /** Names this consumer in the attempts of a dead letter. */
  readonly worker: string;
  readonly now: () => Date;
}

/**
 * The effect, before anything is logged, handed over or acked: successes into the endput, dead letters into their
 * table. Idempotent: a copy finds what the first one did.
 */
export async function store(batch: readonly Decided[], storing: Storing): Promise<Stored[]> {
  const stored = await storeSuccesses(batch, storing.endput);
  return buryDeadLetters(stored, storing);
}

async function storeSuccesses(batch: readonly Decided[], endput: Postgres): Promise<Decided[]> {
  const orders = batch.flatMap((work) => toStore(work) ?? []);
  if (orders.length === 0) return [...batch];
  const results = await endput.transaction(async (sql) => {
    const answers = await storeOrders(sql, orders);
    const inserted = orders.filter((_, index) => isInserted(answers[index]));
    await supersede(
      sql,
      inserted.map(({ attempt }) => attempt),
    );
    return answers;
  }, LOCK_TO_STORE);
  const answers = results.values();
  return batch.map((work) => (toStore(work) === undefined ? work : afterStoring(work, answers.next().value)));
}

function toStore({ decision, attempt, content }: Decided): OrderToStore | undefined {
  if (decision.kind !== 'store' || content.kind !== 'readable') return undefined;
  return { attempt, order: content.message.order };
}

function isInserted(answer: Bisected<StoreResult> | undefined): boolean {
  return answer !== undefined && 'result' in answer && answer.result === 'inserted';
}

/** What the endput refused is a dead letter; another order with the same id is kept under an id of its own. */
function afterStoring(work: Decided, answer: Bisected<StoreResult> | undefined): Decided {
  if (answer === undefined) throw new Error('The endput answered for fewer orders than it was given.');
  if ('refused' in answer) {
    const message = `The endput refuses this order: ${answer.refused.message}`;
    return { ...work, decision: deadLetter('rejected-by-endput', message) };
  }
  if (answer.result !== 'conflict') return work;
  const messageId = contentId(work.delivery.body, [work.delivery.messageId, work.createdAt]);
  const message = `Another order is stored as ${work.attempt.messageId}, made at another time: were ids used again after a truncate?`;
  return { ...work, attempt: { ...work.attempt, messageId }, decision: deadLetter('identity-conflict', message) };
}

function deadLetter(reason: DeadLetterReason, message: string): Decision {
  return { kind: 'dead-letter', reason, error: { code: reason, message } };
}

async function buryDeadLetters(batch: readonly Decided[], storing: Storing): Promise<Stored[]> {
  const dying = batch.filter(({ decision }) => decision.kind === 'dead-letter');
  if (dying.length === 0) return [...batch];
  const logged = await storing.attemptLog.ofMessages(dying.map(({ attempt }) => attempt.messageId));
  const letters = dying.map((work) => deadLetterOf(work, logged, storing.worker, storing.now()));
  const burials = await storing.endput.transaction((sql) => bury(sql, STORED_ORDERS, letters), LOCK_TO_BURY);
  const burialOf = new Map(dying.map((work, index) => [work, burials[index]]));
  const letterOf = new Map(dying.map((work, index) => [work, letters[index]]));
  return batch.map((work) => afterBurying(work, burialOf.get(work), letterOf.get(work)));
}

function afterBurying(work: Decided, burial: Burial | undefined, letter: DeadLetter | undefined): Stored {
  switch (burial) {
    case undefined:
      return work;
    case 'buried':
    case 'same':
      return letter === undefined ? work : { ...work, letter };
    case 'late':
    case 'stored':
      return { ...work, decision: { kind: 'skip', why: 'at-rest' } };
  }
}
