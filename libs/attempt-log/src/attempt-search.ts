import { readCursor, writeCursor, type AttemptStatus, type Page } from '@esteira/pipeline';
import type { AttemptDocument } from './attempt-document.ts';

/** Which attempts are wanted. What is absent does not matter; what is present must all be true. */
export interface AttemptSearch {
  /** Attempts of these messages only; at most {@link MOST_MESSAGES}. */
  readonly messageIds?: readonly string[];
  readonly status?: AttemptStatus;
  /** 1-based. */
  readonly attempt?: number;
  /** Where the message comes from, what it is there, and who attempted it: no index tells these, see {@link SearchTooWide}. */
  readonly origin?: string;
  readonly key?: string;
  readonly worker?: string;
  /** Processed at or after. */
  readonly from?: Date;
  /** Processed before. */
  readonly to?: Date;
  /** The most items of a page, 1 to {@link MOST_ITEMS}. */
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}

/** Attempts, the latest first, and where to go on. */
export interface AttemptPage extends Page<AttemptDocument> {
  /** The index that served it. */
  readonly index: string;
}

/** So many attempts had to be looked through one by one that it was given up: nothing of what was asked has an index. */
export class SearchTooWide extends Error {
  override readonly name = 'SearchTooWide';
  constructor(seconds: number, cause: unknown) {
    super(
      `Too many attempts had to be looked through for this origin, key or worker: it was given up after ${seconds} s. Ask for a message id, a status, a number or a shorter time too.`,
      { cause },
    );
  }
}

/** The most messages of one search. */
export const MOST_MESSAGES = 1_000;
/** The most items of a page. */
export const MOST_ITEMS = 1_000;

/** The last attempt of a page: the next page begins after it. */
export interface AttemptPosition {
  readonly processedAt: Date;
  readonly id: string;
}

/** The cursor of a page that ends with this attempt. */
export function cursorAt({ processedAt, id }: AttemptPosition): string {
  return writeCursor([String(processedAt.getTime()), id]);
}

/** Reads such a cursor. @throws ForeignCursor */
export function positionAt(cursor: string): AttemptPosition {
  const [ms, id = ''] = readCursor(cursor, [/^\d{1,15}$/, /^./]);
  return { processedAt: new Date(Number(ms)), id };
}
