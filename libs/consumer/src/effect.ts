import type { AtRestView } from '@esteira/dead-letters';
import type { Attempt } from '@esteira/pipeline';
import type { Bisected, Migrations, Sql } from '@esteira/postgres';

/** A message that succeeded, to be stored. */
export interface Success<M> {
  readonly attempt: Attempt;
  readonly message: M;
}

/** What storing did: `inserted`, `same` (a copy was there), or `conflict` (another message has its id). */
export type StoreAnswer = 'inserted' | 'same' | 'conflict';

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
}
