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
import type { Effect, Failed, MessageStates, StoreAnswer } from '../effect.ts';
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
  return storeDeadLetters(await noteWaits(stored, storing), storing);
}

/** A message that is to be stored. */
type Succeeded<M> = Decided<M> & {
  readonly content: Content<M> & { readonly kind: 'readable' };
  readonly decision: Decision & { readonly kind: 'store' };
};

function isSuccess<M>(work: Decided<M>): work is Succeeded<M> {
  return work.decision.kind === 'store' && work.content.kind === 'readable';
}

async function storeSuccesses<M>(batch: readonly Decided<M>[], storing: Storing<M>): Promise<Decided<M>[]> {
  const { endput, effect } = storing;
  const works = batch.filter(isSuccess);
  if (works.length === 0) return [...batch];
  const successes = works.map(({ attempt, content: { message }, token, decision: { result } }) => {
    return { attempt, message, token, result };
  });
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
  if (answer.result === 'late') return taken(work);
  if (answer.result !== 'conflict') return work;
  const message = `Another ${name} is stored as ${work.attempt.messageId}: the same key, and another incarnation. Were ids used again after a truncate?`;
  return renamed(work, message);
}

/** Another attempt has the message since: what came of this one is nobody's any more. */
const taken = <M>(work: Decided<M>): Decided<M> => ({ ...work, decision: { kind: 'skip', why: 'taken' } });

/** What is tried again says so in a store that keeps states, before it is handed over to wait. */
async function noteWaits<M>(
  batch: readonly Decided<M>[],
  { endput, effect }: Storing<M>,
): Promise<readonly Decided<M>[]> {
  if (effect.states === undefined) return batch;
  const waiting = batch.filter((work) => work.decision.kind === 'wait');
  if (waiting.length === 0) return batch;
  const gone = await changedHands(endput, waiting, effect.states);
  return batch.map((work) => (gone.has(work) ? taken(work) : work));
}

/** Notes failures, and tells which of them it is too late for. */
async function changedHands<M>(
  sql: Sql,
  works: readonly Decided<M>[],
  states: MessageStates<M>,
): Promise<ReadonlySet<Decided<M>>> {
  const failures = works.flatMap((work) => failureOf(work) ?? []);
  if (failures.length === 0) return new Set();
  const noted = await states.fail(
    sql,
    failures.map(({ failure }) => failure),
  );
  return new Set(failures.flatMap(({ work }, index) => (noted[index] === true ? [] : [work])));
}

function failureOf<M>(work: Decided<M>): { readonly work: Decided<M>; readonly failure: Failed<M> } | undefined {
  const { attempt, content, decision, token } = work;
  if (content.kind !== 'readable' || (decision.kind !== 'wait' && decision.kind !== 'dead-letter')) return undefined;
  // It has an id of its own since, under which the store knows nothing.
  if (decision.kind === 'dead-letter' && decision.reason === 'identity-conflict') return undefined;
  return { work, failure: { attempt, message: content.message, token, decision } };
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
  const afterwards = await storing.endput.transaction(async (sql) => {
    const { states } = storing.effect;
    const gone = states === undefined ? new Set() : await changedHands(sql, died, states);
    const still = dying.filter(({ work }) => !gone.has(work));
    const written = await writeAll(sql, still, storing);
    return new Map<Decided<M>, Stored<M> | undefined>([
      ...died.map((work) => [work, taken(work)] as const),
      ...still.map(({ work }, index) => [work, written[index]] as const),
    ]);
  }, lock);
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
