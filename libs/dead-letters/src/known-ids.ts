import { idRanges } from '@esteira/pipeline';
import type { Sql } from '@esteira/postgres';

/**
 * Which of these message ids may be in a table of these. One look at an index for each range of ids; all of them where
 * they are too scattered for that.
 */
export async function knownIds(
  sql: Sql,
  tables: readonly string[],
  messageIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const ranges = idRanges(messageIds);
  if (ranges === undefined) return new Set(messageIds);
  if (ranges.length === 0) return new Set();
  const looks = ranges.flatMap((_, n) =>
    tables.map((table) => `SELECT message_id FROM ${table} WHERE message_id BETWEEN $${2 * n + 1} AND $${2 * n + 2}`),
  );
  const rows = await sql.query<{ message_id: string }>(
    looks.join(' UNION ALL '),
    ranges.flatMap(({ first, last }) => [first, last]),
  );
  return new Set(rows.map(({ message_id }) => message_id));
}
