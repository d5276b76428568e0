import type { DeadLetterReason } from '@esteira/pipeline';
import type { ArchivedRows } from './archivings.ts';

/** A place in the order of publishing: decimal texts, compared as numbers. */
export interface Position {
  readonly transactionId: string;
  readonly id: string;
}

/** A calendar day in UTC, as Postgres writes a date (`1997-01-31`); null where it is not known. */
export type Day = string | null;

/** A row of a source. `content` is what must arrive, as one text that is equal where the rows are equal. */
export interface SourceRow extends Position {
  readonly content: string;
  /** When it was made. */
  readonly day: Day;
}

/** A row of the endput, found under the id of its source row. */
export interface StoredRow {
  readonly id: string;
  readonly content: string;
  /** When its source row was made. */
  readonly day: Day;
  /** How many attempts it took. */
  readonly attempts: number;
}

export interface DeadLetterState {
  readonly state: 'dead' | 'redriven' | 'discarded';
  readonly reason: DeadLetterReason;
  readonly round: number;
  /** Whether a person has changed its body. */
  readonly edited?: boolean;
}

/** All dead letters of one source row: more than one where its id was used twice. */
export interface DeadLetterRow {
  readonly id: string;
  readonly deadLetters: readonly DeadLetterState[];
  /** When its source row was made. */
  readonly day: Day;
  /** The attempts of all of them, all rounds. */
  readonly attempts: number;
}

/** What source, endput and dead letters know of one id. At least one of them knows it. */
export interface JoinedRow {
  readonly id: string;
  readonly source?: SourceRow;
  readonly stored?: StoredRow;
  readonly dead?: DeadLetterRow;
}

/** Reads a page of rows with ids above `after`, ascending by id as a number, each id once. */
export type ReadPage<R> = (after: string | undefined, limit: number) => Promise<R[]>;

/** What reconciliation needs of a source. */
export interface SourceReader {
  readonly page: ReadPage<SourceRow>;
  /** About how many rows there are, in no time; for showing progress alone. */
  estimate(): Promise<number>;
  /** The rows that are there of these ids. */
  rows(ids: readonly string[]): Promise<SourceRow[]>;
}

/** What reconciliation needs of the endput, for one system. */
export interface EndputReader {
  readonly stored: ReadPage<StoredRow>;
  readonly deadLetters: ReadPage<DeadLetterRow>;
  /** Both for these ids, as of one moment: a message that comes to rest in between would be in neither. */
  rows(ids: readonly string[]): Promise<{ stored: StoredRow[]; deadLetters: DeadLetterRow[] }>;
}

/** One system to reconcile. */
export interface SystemReaders {
  readonly system: string;
  readonly source: SourceReader;
  readonly endput: EndputReader;
  /** The last confirmed row; undefined where nothing was published yet. */
  cursor(): Promise<Position | undefined>;
  /** What was removed from the source on purpose, as somebody said; nothing where it is not given. */
  archived?(): Promise<readonly ArchivedRows[]>;
}
