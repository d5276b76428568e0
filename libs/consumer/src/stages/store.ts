import type { AttemptLog } from '@esteira/attempt-log';
import {
  lockToStore,
  lockToWriteDeadLetters,
  supersede,
  writeDeadLetters,
  type DeadLetter,
  type DeadLetterWrite,
  type StoredMessage,
} from '@esteira/dead-letters';
import { contentId, type DeadLetterReason, type Decision } from '@esteira/pipeline';
import type { Bisected, Postgres, Sql } from '@esteira/postgres';
import type { Effect, StoreAnswer } from '../effect.ts';
import type { Content, Decided, Stored } from '../work.ts';
import { deadLetterOf, type DeadLetterWriter } from './dead-letter.ts';

/** Where effects go. */
export interface Storing<M> extends DeadLetterWriter<M> {
  readonly endput: Postgres;
  readonly effect: Effect<M>;
  readonly attemptLog: AttemptLog;
  readonly now: () => Date;
}

/**
 * The effect, before anything is logged, handed over or acked: successes into the endput, dead letters into their
 * table. Idempotent: a copy finds what the first one did.
 */
export async function store<M>(batch: readonly Decided<M>[], storing: Storing<M>): Promise<Stored<M>[]> {
  const stored = await storeSuccesses(batch, storing);
  return storeDeadLetters(stored, storing);
}

/** A message that is to be stored. */
type Succeeded<M> = Decided<M> & { readonly content: Content<M> & { readonly kind: 'readable' } };

function isSuccess<M>(work: Decided<M>): work is Succeeded<M> {
  return work.decision.kind === 'store' && work.content.kind === 'readable';
}

async function storeSuccesses<M>(batch: readonly Decided<M>[], storing: Storing<M>): Promise<Decided<M>[]> {
  const { endput, effect } = storing;
  const works = batch.filter(isSuccess);
  if (works.length === 0) return [...batch];
  const successes = works.map(({ attempt, content: { message } }) => ({ attempt, message }));
  const results = await endput.transaction(async (sql) => {
    const answers = await effect.store(sql, successes);
    await supersede(sql, insertedOf(works, answers));
    return answers;
  }, lockToStore(effect.atRest));
  const answers = results.values();
  return batch.map((work) => (isSuccess(work) ? afterStoring(work, answers.next().value, storing) : work));
}

/** What was stored just now. */
function insertedOf(works: readonly Succeeded<unknown>[], answers: readonly Bisected<StoreAnswer>[]): StoredMessage[] {
  return works.filter((_, index) => isInserted(answers[index])).map(({ attempt }) => attempt);
}

function isInserted(answer: Bisected<StoreAnswer> | undefined): boolean {
  return answer !== undefined && 'result' in answer && answer.result === 'inserted';
}

/** What the endput refused is a dead letter; another message with the same id is kept under an id of its own. */
function afterStoring<M>(
  work: Decided<M>,
  answer: Bisected<StoreAnswer> | undefined,
  { subject: { name } }: Storing<M>,
): Decided<M> {
  if (answer === undefined) throw new Error('The endput answered for fewer messages than it was given.');
  if ('refused' in answer) {
    const message = `The endput refuses this ${name}: ${answer.refused.message}`;
    return { ...work, decision: dead('rejected-by-store', message) };
  }
  if (answer.result !== 'conflict') return work;
  const message = `Another ${name} is stored as ${work.attempt.messageId}: the same key, and another incarnation. Were ids used again after a truncate?`;
  return renamed(work, message);
}

/** A message whose id belongs to another one: dead under an id of its own. */
function renamed<M>(work: Decided<M>, message: string): Decided<M> {
  const messageId = contentId(work.delivery.body, [work.delivery.messageId, work.attempt.incarnation]);
  return { ...work, attempt: { ...work.attempt, messageId }, decision: dead('identity-conflict', message) };
}

function dead(reason: DeadLetterReason, message: string): Decision {
  return { kind: 'dead-letter', reason, error: { code: reason, message } };
}

/** A message that dies, and the dead letter that is written of it. */
interface Dying<M> {
  readonly work: Decided<M>;
  readonly deadLetter: DeadLetter;
}

async function storeDeadLetters<M>(batch: readonly Decided<M>[], storing: Storing<M>): Promise<Stored<M>[]> {
  const died = batch.filter(({ decision }) => decision.kind === 'dead-letter');
  if (died.length === 0) return [...batch];
  const logged = await storing.attemptLog.ofMessages(died.map(({ attempt }) => attempt.messageId));
  const dying = died.map((work) => ({ work, deadLetter: deadLetterOf(work, logged, storing, storing.now()) }));
  const lock = lockToWriteDeadLetters(storing.effect.atRest);
  const written = await storing.endput.transaction((sql) => writeAll(sql, dying, storing), lock);
  const afterwards = new Map(died.map((work, index) => [work, written[index]]));
  return batch.map((work) => afterwards.get(work) ?? work);
}

/** Writes what dies; what has the id of another message is written again, under an id of its own. */
async function writeAll<M>(
  sql: Sql,
  dying: readonly Dying<M>[],
  { effect: { atRest }, subject: { name } }: Storing<M>,
): Promise<Stored<M>[]> {
  const written = await writeDeadLetters(sql, atRest, deadLettersOf(dying));
  const conflicts = dying.map((one, index) => (written[index] === 'conflict' ? inConflict(one, name) : undefined));
  const again = conflicts.filter((one) => one !== undefined);
  const answers = (await writeDeadLetters(sql, atRest, deadLettersOf(again))).values();
  return dying.map((one, index) => {
    const renamedOne = conflicts[index];
    return renamedOne === undefined
      ? afterWriting(one, written[index])
      : afterWriting(renamedOne, answers.next().value);
  });
}

const deadLettersOf = (dying: readonly Dying<unknown>[]) => dying.map((one) => one.deadLetter);

/** It keeps its attempts, and says what it died of. */
function inConflict<M>({ work, deadLetter }: Dying<M>, name: string): Dying<M> {
  const message = `Another ${name} rests as ${deadLetter.messageId}: the same key, and another incarnation. Were ids used again after a truncate? This one died of ${deadLetter.reason}: ${deadLetter.error.message}`;
  const conflicting = renamed(work, message);
  const { messageId } = conflicting.attempt;
  const error = { code: 'identity-conflict', message };
  return { work: conflicting, deadLetter: { ...deadLetter, messageId, reason: 'identity-conflict', error } };
}

function afterWriting<M>({ work, deadLetter }: Dying<M>, outcome: DeadLetterWrite | undefined): Stored<M> {
  switch (outcome) {
    case 'written':
    case 'same':
      return { ...work, deadLetter };
    case 'late':
    case 'stored':
      return { ...work, decision: { kind: 'skip', why: 'at-rest' } };
    case 'conflict':
    case undefined:
      throw new Error(`The endput did not take the dead letter ${deadLetter.messageId}.`);
  }
}
