import type { DeadLetterFilter } from './filter.ts';

/** How a list is sorted: by time of death, or by id, which sorts the rows of each system in their own order. */
export interface DeadLetterSort {
  readonly by: 'dead_at' | 'message_id';
  readonly direction: 'asc' | 'desc';
}

/** Newest first. */
export const NEWEST_FIRST: DeadLetterSort = { by: 'dead_at', direction: 'desc' };

/** The most items of one page. */
export const MOST_ITEMS = 500;

/** A page of a list. */
export interface PageRequest {
  readonly sort?: DeadLetterSort;
  /** 1..500. */
  readonly limit: number;
  /** Where the page before ended; of the same sort. */
  readonly cursor?: string;
}

/** Items, and where they end; null at the end of the list. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** A cursor that no page of this list ended with. */
export class BadCursor extends Error {
  override name = 'BadCursor';
}

/** The place after an item, as it stands in a cursor. */
export interface Place {
  readonly sort: DeadLetterSort;
  readonly deadAt: string;
  readonly messageId: string;
}

/** Writes a place down as an opaque text. */
export function cursorOf({ sort, deadAt, messageId }: Place): string {
  return Buffer.from(JSON.stringify([sort.by, sort.direction, deadAt, messageId])).toString('base64url');
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const TIME = /^\d{4,6}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?[+-]\d{2}:\d{2}$/;

/** Reads a cursor. @throws BadCursor when it is none, or one of another sort. */
export function placeOf(cursor: string, sort: DeadLetterSort): Place {
  const [by, direction, deadAt, messageId] = partsOf(cursor);
  if (by !== sort.by || direction !== sort.direction) throw new BadCursor('The cursor is of a list sorted otherwise.');
  if (typeof deadAt !== 'string' || !TIME.test(deadAt) || typeof messageId !== 'string' || !UUID.test(messageId)) {
    throw new BadCursor('The cursor is none of this list: begin again without one.');
  }
  return { sort, deadAt, messageId };
}

function partsOf(cursor: string): unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(parts) ? parts : [];
  } catch {
    return [];
  }
}

/** What a list is asked. */
export interface ListRequest extends PageRequest {
  readonly filter: DeadLetterFilter;
}
