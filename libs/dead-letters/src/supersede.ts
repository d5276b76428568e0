import type { Sql } from '@esteira/postgres';
import { knownIds } from './known-ids.ts';

/** A message that was stored just now. */
export interface StoredMessage {
  readonly messageId: string;
  readonly round: number;
  readonly incarnation: string | null;
}

/**
 * Stored wins: messages that were stored just now are no dead letters any more. A copy of theirs had come to another
 * end; the row stays as `redriven`, keeps the attempts of earlier rounds and says in its history what happened. So it
 * is with one that was redriven or discarded while an earlier copy was on its way to be stored. The dead letter of
 * another incarnation stays dead. Runs in the transaction that stores, which holds
 * `lockToStore`; rows are locked in the order of their ids.
 */
export async function supersede(sql: Sql, messages: readonly StoredMessage[]): Promise<void> {
  const known = await knownIds(
    sql,
    ['dead_letters'],
    messages.map(({ messageId }) => messageId),
  );
  const dead = messages.filter(({ messageId }) => known.has(messageId));
  if (dead.length === 0) return;
  await sql.query(
    `WITH stored AS (
       SELECT dead.message_id, given.round
         FROM jsonb_to_recordset($1::jsonb) AS given (message_id uuid, round int, incarnation text)
         JOIN dead_letters AS dead
           ON dead.message_id = given.message_id AND dead.incarnation IS NOT DISTINCT FROM given.incarnation
          AND (dead.state <> 'redriven' OR dead.round > given.round)
        ORDER BY dead.message_id
          FOR UPDATE OF dead
     )
     UPDATE dead_letters AS dead
        SET state = 'redriven',
            attempts = (SELECT coalesce(jsonb_agg(attempt), '[]') FROM jsonb_array_elements(dead.attempts) AS attempt
                         WHERE (attempt ->> 'round')::int < stored.round),
            history = dead.history || jsonb_build_object('action', 'superseded', 'at', now(), 'round', stored.round,
                                                         'why', 'a copy of this message was stored')
       FROM stored
      WHERE dead.message_id = stored.message_id`,
    [JSON.stringify(dead.map((m) => ({ message_id: m.messageId, round: m.round, incarnation: m.incarnation })))],
  );
}
