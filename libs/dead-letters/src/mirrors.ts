import { isMessageId } from '@esteira/pipeline';
import type { Sql } from '@esteira/postgres';

/** A message in the broker's queue of dead letters. */
export interface Mirror {
  readonly messageId: string | undefined;
  readonly round: number;
}

/**
 * Which mirrors no longer show an open dead letter: it is redriven or discarded, or has died again in a later round,
 * with a mirror of its own. What the table does not know is left for people to look at.
 *
 * @returns for each, in the order given, whether it is closed.
 */
export async function closedMirrors(sql: Sql, pipeline: string, mirrors: readonly Mirror[]): Promise<boolean[]> {
  const known = mirrors.flatMap(({ messageId, round }, index) =>
    isMessageId(messageId) ? [{ messageId, round, index }] : [],
  );
  const rows = await sql.query<{ index: number }>(
    `SELECT asked.index
       FROM unnest($2::int[], $3::uuid[], $4::int[]) AS asked (index, message_id, round)
       JOIN dead_letters AS dead ON dead.message_id = asked.message_id AND dead.pipeline = $1
      WHERE dead.state <> 'dead' OR dead.round > asked.round`,
    [
      pipeline,
      known.map(({ index }) => index),
      known.map(({ messageId }) => messageId),
      known.map(({ round }) => round),
    ],
  );
  const closed = new Set(rows.map(({ index }) => index));
  return mirrors.map((_, index) => closed.has(index));
}
