import { createHash } from 'node:crypto';
import { quoteIdentifier } from '@esteira/postgres';

/**
 * What a pipeline's store shows of the messages that it has stored: a view in the endput, whose SQL the pipeline owns, with
 * the columns `message_id uuid`, `incarnation text`, `round int`, `attempts int` and `stored_at timestamptz`, one row a
 * message. This library joins it with its own tables, and reads no table of a pipeline.
 */
export interface AtRestView {
  /** Its name as an SQL identifier: `<pipeline>_at_rest`. */
  readonly view: string;
  /** The key of the advisory lock that decides where the pipeline's messages rest. */
  readonly lockKey: bigint;
}

/** @param lockKey only of a pipeline whose earlier releases take another lock than that of its name */
export function atRestView(pipeline: string, lockKey = lockKeyOf(pipeline)): AtRestView {
  return { view: quoteIdentifier(`${pipeline}_at_rest`), lockKey };
}

function lockKeyOf(pipeline: string): bigint {
  return createHash('sha256').update(`esteira at rest ${pipeline}`).digest().readBigInt64BE();
}

/*
 * The endput decides in one transaction where a message rests: never both stored and dead, and stored wins. Writers of a
 * pipeline's dead letters exclude each other and those who store its messages; those who store exclude only writers of
 * dead letters. So each sees what the other has committed, whatever copies of a message do at the same time. Other
 * pipelines are not held up.
 */

/** Goes with BEGIN of a transaction that stores messages of the pipeline: many at once. */
export function lockToStore({ lockKey }: AtRestView): string {
  return `SELECT pg_advisory_xact_lock_shared(${lockKey})`;
}

/** Goes with BEGIN of a transaction that writes dead letters of the pipeline: one at a time, and no storing beside it. */
export function lockToWriteDeadLetters({ lockKey }: AtRestView): string {
  return `SELECT pg_advisory_xact_lock(${lockKey})`;
}
