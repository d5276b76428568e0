import type { Sql } from '@esteira/postgres';
import { isKey } from './keys.ts';
import { ITEM_COLUMNS, type DeadLetterItem } from './stored-dead-letter.ts';

/** Which dead letters are looked up: those of messages, or of one key (more than one where it was used again). */
export type LookedUp = { readonly messageIds: readonly string[] } | { readonly origin: string; readonly key: string };

/** The dead letters of a few messages, in any state; an index serves either way. */
export function lookUpDeadLetters(sql: Sql, pipeline: string, which: LookedUp): Promise<DeadLetterItem[]> {
  const select = `SELECT ${ITEM_COLUMNS} FROM dead_letters WHERE pipeline = $1 AND`;
  return 'messageIds' in which
    ? sql.query<DeadLetterItem>(`${select} message_id = ANY ($2::uuid[]) ORDER BY message_id`, [
        pipeline,
        which.messageIds,
      ])
    : sql.query<DeadLetterItem>(
        `${select} origin = $2 AND ${isKey('$3')} ORDER BY dead_at DESC, message_id LIMIT 100`,
        [pipeline, which.origin, which.key],
      );
}
