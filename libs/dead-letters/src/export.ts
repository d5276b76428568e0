import type { Sql } from '@esteira/postgres';
import { conditionOf, type DeadLetterFilter } from './filter.ts';
import { WHOLE_COLUMNS, type StoredDeadLetter } from './stored-dead-letter.ts';

/** What is read at once: dead letters, and bytes of their bodies. */
const READ_AT_ONCE = 500;
const BYTES_AT_ONCE = 8 * 2 ** 20;

/**
 * All dead letters that a filter means, whole, in the order of their ids. Read page by page, so neither memory nor a
 * transaction grows with their number; what changes meanwhile shows as it is when its page is read.
 */
export async function* exportDeadLetters(
  sql: Sql,
  pipeline: string,
  filter: DeadLetterFilter,
): AsyncGenerator<StoredDeadLetter, void, undefined> {
  let after = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const read = await nextOnes(sql, pipeline, filter, after);
    yield* read;
    const last = read.at(-1);
    if (last === undefined) return;
    after = last.messageId;
  }
}

/** The bodies of a page have {@link BYTES_AT_ONCE} at most, or it is a single one. */
function nextOnes(sql: Sql, pipeline: string, filter: DeadLetterFilter, after: string): Promise<StoredDeadLetter[]> {
  const condition = conditionOf(pipeline, filter, 2);
  return sql.query<StoredDeadLetter>(
    `WITH next AS (
       SELECT message_id AS id, octet_length(body) + coalesce(octet_length(original_body), 0) AS bytes
         FROM dead_letters WHERE message_id > $1::uuid AND ${condition.sql} ORDER BY message_id LIMIT ${READ_AT_ONCE}
     ), fitting AS (
       SELECT id, sum(bytes) OVER (ORDER BY id) - bytes AS before FROM next
     )
     SELECT ${WHOLE_COLUMNS} FROM dead_letters JOIN fitting ON id = message_id
      WHERE before < ${BYTES_AT_ONCE} ORDER BY message_id`,
    [after, ...condition.values],
  );
}
