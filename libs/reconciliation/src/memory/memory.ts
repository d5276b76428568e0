import type { Watch } from '../watch.ts';

/** A row of a source, in one of its rounds: what a message is of. */
export interface RowRound {
  readonly system: string;
  /** Decimal text. */
  readonly id: string;
  readonly round: number;
}

/** A row that was published again, and the copies that may still be in the broker. */
export interface SentAgain extends RowRound {
  readonly copies: number;
  /** When it was done last, in milliseconds. */
  readonly lastAt: number;
}

/** A row that is watched from one reconciliation to the next. */
export interface WatchedRow extends RowRound {
  readonly watch: Watch;
}

/** What reconciliations remember of each other. */
export interface ReconciliationMemory {
  /** What was published again, unless its copies are gone for certain. */
  sentAgain(): Promise<readonly SentAgain[]>;
  watched(): Promise<readonly WatchedRow[]>;
  /** Watches these rows from now on, and no others; the copies of `gone` are in the broker no more. */
  remember(watched: readonly WatchedRow[], gone: readonly RowRound[]): Promise<void>;
}

/** Nothing is remembered. */
export const NO_MEMORY: ReconciliationMemory = {
  sentAgain: () => Promise.resolve([]),
  watched: () => Promise.resolve([]),
  remember: () => Promise.resolve(),
};

/** Names a row and its round. */
export const roundKey = ({ system, id, round }: RowRound): string => `${system} ${id} ${round}`;
