import { ISO_TIME, readCursor, UUID, writeCursor } from '@esteira/pipeline';
import type { DeadLetterFilter } from './filter.ts';

/** How a list is sorted: by time of death, or by id, which sorts those of each origin in their own order. */
export interface DeadLetterSort {
  readonly by: 'dead_at' | 'message_id';
  readonly direction: 'asc' | 'desc';
}

/** Newest first. */
export const NEWEST_FIRST: DeadLetterSort = { by: 'dead_at', direction: 'desc' };

/** The most items of one page. */
export const MOST_ITEMS = 500;

/** What a list is asked. */
export interface ListRequest {
  readonly filter: DeadLetterFilter;
  readonly sort?: DeadLetterSort;
  /** 1..500. */
  readonly limit: number;
  /** Where the page before ended; of the same sort. */
  readonly cursor?: string;
}

/** Where an item stands in a list, however that is sorted. */
export interface Place {
  readonly deadAt: string;
  readonly messageId: string;
}

/** Writes a place in a list that is sorted so down. */
export function cursorOf({ by, direction }: DeadLetterSort, { deadAt, messageId }: Place): string {
  return writeCursor([by, direction, deadAt, messageId]);
}

/** Reads a cursor. @throws ForeignCursor when it is none, or one of another sort. */
export function placeOf(cursor: string, { by, direction }: DeadLetterSort): Place {
  const sorted = [new RegExp(`^${by}$`), new RegExp(`^${direction}$`)];
  const [, , deadAt = '', messageId = ''] = readCursor(cursor, [...sorted, ISO_TIME, UUID]);
  return { deadAt, messageId };
}
