import type { AttemptStatus } from '@esteira/pipeline';
import type { AttemptDocument } from './attempt-document.ts';

/** Which attempts are wanted. What is absent does not matter; what is present must all be true. */
export interface AttemptSearch {
  /** Attempts of these messages only; at most {@link MOST_MESSAGES}. */
  readonly messageIds?: readonly string[];
  readonly status?: AttemptStatus;
  /** 1-based. */
  readonly attempt?: number;
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
export interface AttemptPage<D extends AttemptDocument = AttemptDocument> {
  readonly items: readonly D[];
  /** Null where nothing comes after. */
  readonly nextCursor: string | null;
  /** The index that served it. */
  readonly index: string;
}

/** The most messages of one search. */
export const MOST_MESSAGES = 1_000;
/** The most items of a page. */
export const MOST_ITEMS = 1_000;

/** A cursor is not one that a search gave. */
export class ForeignCursor extends Error {
  constructor() {
    super('The cursor is not one that this search gave. Leave it out to begin with the latest attempts.');
    this.name = 'ForeignCursor';
  }
}

/** The last attempt of a page: the next page begins after it. */
export interface AttemptPosition {
  readonly processedAt: Date;
  readonly id: string;
}

/** A position as a text that is safe in a URL. */
export function writeCursor({ processedAt, id }: AttemptPosition): string {
  return Buffer.from(JSON.stringify([processedAt.getTime(), id])).toString('base64url');
}

/** Reads a cursor. @throws ForeignCursor when it is none of ours. */
export function readCursor(text: string): AttemptPosition {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    throw new ForeignCursor();
  }
  const [at, id] = Array.isArray(parts) ? (parts as unknown[]) : [];
  if (!Number.isSafeInteger(at) || typeof id !== 'string') throw new ForeignCursor();
  const processedAt = new Date(at as number);
  if (Number.isNaN(processedAt.getTime())) throw new ForeignCursor();
  return { processedAt, id };
}
