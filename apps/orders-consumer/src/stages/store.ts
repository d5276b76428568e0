import type { AttemptLog } from '@esteira/attempt-log';
import { bury, LOCK_TO_BURY, LOCK_TO_STORE, supersede, type Burial, type DeadLetter } from '@esteira/dead-letters';
import { STORED_ORDERS, storeOrders, type OrderToStore, type Stored as StoreResult } from '@esteira/orders/endput';
import { contentId, type DeadLetterReason, type Decision } from '@esteira/pipeline';
import type { Bisected, Postgres, Sql } from '@esteira/postgres';
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
      inserted.map(({ attempt: { messageId, round }, order }) => ({ messageId, round, createdAt: order.created_at })),
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
  const message = `Another order is stored as ${work.attempt.messageId}, made at another time: were ids used again after a truncate?`;
  return renamed(work, message);
}

/** An order whose id belongs to another one: dead under an id of its own. */
function renamed(work: Decided, message: string): Decided {
  const messageId = contentId(work.delivery.body, [work.delivery.messageId, work.createdAt]);
  return { ...work, attempt: { ...work.attempt, messageId }, decision: deadLetter('identity-conflict', message) };
}

function deadLetter(reason: DeadLetterReason, message: string): Decision {
  return { kind: 'dead-letter', reason, error: { code: reason, message } };
}

/** A message that dies, and the letter that tells of it. */
interface Dying {
  readonly work: Decided;
  readonly letter: DeadLetter;
}

async function buryDeadLetters(batch: readonly Decided[], storing: Storing): Promise<Stored[]> {
  const dead = batch.filter(({ decision }) => decision.kind === 'dead-letter');
  if (dead.length === 0) return [...batch];
  const logged = await storing.attemptLog.ofMessages(dead.map(({ attempt }) => attempt.messageId));
  const dying = dead.map((work) => ({ work, letter: deadLetterOf(work, logged, storing.worker, storing.now()) }));
  const buried = await storing.endput.transaction((sql) => buryAll(sql, dying), LOCK_TO_BURY);
  const afterwards = new Map(dead.map((work, index) => [work, buried[index]]));
  return batch.map((work) => afterwards.get(work) ?? work);
}

/** Buries what dies; what has the id of another order is buried again, under an id of its own. */
async function buryAll(sql: Sql, dying: readonly Dying[]): Promise<Stored[]> {
  const burials = await bury(sql, STORED_ORDERS, lettersOf(dying));
  const conflicts = dying.map((one, index) => (burials[index] === 'conflict' ? inConflict(one) : undefined));
  const again = conflicts.filter((one) => one !== undefined);
  const answers = (await bury(sql, STORED_ORDERS, lettersOf(again))).values();
  return dying.map((one, index) => {
    const renamedOne = conflicts[index];
    return renamedOne === undefined
      ? afterBurying(one, burials[index])
      : afterBurying(renamedOne, answers.next().value);
  });
}

const lettersOf = (dying: readonly Dying[]) => dying.map(({ letter }) => letter);

/** It keeps its attempts, and says what it died of. */
function inConflict({ work, letter }: Dying): Dying {
  const message = `Another order rests as ${letter.messageId}, made at another time: were ids used again after a truncate? This one died of ${letter.reason}: ${letter.error.message}`;
  const conflicting = renamed(work, message);
  const { messageId } = conflicting.attempt;
  const error = { code: 'identity-conflict', message };
  return { work: conflicting, letter: { ...letter, messageId, reason: 'identity-conflict', error } };
}

function afterBurying({ work, letter }: Dying, burial: Burial | undefined): Stored {
  switch (burial) {
    case 'buried':
    case 'same':
      return { ...work, letter };
    case 'late':
    case 'stored':
      return { ...work, decision: { kind: 'skip', why: 'at-rest' } };
    case 'conflict':
    case undefined:
      throw new Error(`The endput did not take the dead letter ${letter.messageId}.`);
  }
}
