import type { AtRestView } from '@esteira/dead-letters';
import type { Attempt, Decision, JsonValue } from '@esteira/pipeline';
import type { Bisected, Migrations, Sql } from '@esteira/postgres';

/** An attempt of a message, and the fencing token under which it was begun; undefined where nobody gives any. */
interface Tried<M> {
  readonly attempt: Attempt;
  readonly message: M;
  readonly token: number | undefined;
}

/** A message that succeeded, to be stored. */
export interface Success<M> extends Tried<M> {
  /** What its handler gave back. */
  readonly result: JsonValue | undefined;
}

/**
 * What storing did: `inserted`, `same` (a copy was there), `conflict` (another message has its id), or `late` (the message
 * has changed hands since this attempt began: nothing was stored).
 */
export type StoreAnswer = 'inserted' | 'same' | 'conflict' | 'late';

/** An attempt that is about to be made. */
export interface Beginning<M> extends Omit<Tried<M>, 'token'> {
  /** It was delivered before, and whoever had it gave it back or vanished. */
  readonly redelivered: boolean;
}

/** An attempt that did not succeed, and what follows from it. */
export interface Failed<M> extends Tried<M> {
  readonly decision: Extract<Decision, { readonly kind: 'wait' | 'dead-letter' }>;
}

/**
 * Of a store that keeps a state of each message: who may attempt it, and what became of attempts that did not succeed.
 * A consumer that was frozen and wakes holds an old token: whatever it says is refused.
 */
export interface MessageStates<M> {
  /**
   * Before an attempt, for each in the order given: its fencing token, which is higher with each change of hands; `taken`
   * where it is not to be attempted (a copy, or one that was cancelled): it is skipped; `unknown` where the store has none
   * such: it is a dead letter.
   */
  begin(sql: Sql, beginnings: readonly Beginning<M>[], worker: string): Promise<(number | 'taken' | 'unknown')[]>;
  /**
   * Notes that a message waits for another attempt, or is dead, in the transaction that writes the dead letters. Answers for
   * each in the order given: false where it has changed hands or ended since, and true otherwise, also where it is unknown.
   */
  fail(sql: Sql, failures: readonly Failed<M>[]): Promise<boolean[]>;
}

/** What a pipeline does with messages that succeed: in the endput, beside the dead letters. */
export interface Effect<M> {
  /** What its store shows of what is stored: that is not handled again, and can't become a dead letter. */
  readonly atRest: AtRestView;
  /** Makes what is stored into, and the view. */
  readonly migrations: Migrations;
  /**
   * Stores a batch once, and answers for each in the order given; what Postgres refuses gets the refusal as its own
   * answer. Runs in the transaction that decides where these messages rest.
   */
  store(sql: Sql, successes: readonly Success<M>[]): Promise<Bisected<StoreAnswer>[]>;
  /** Where the store keeps a state of each message. */
  readonly states?: MessageStates<M>;
}
