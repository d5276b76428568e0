import type { Sql } from '@esteira/postgres';

/**
 * Stored wins: messages that were stored just now are no dead letters any more. A copy of theirs had come to another
 * end; the row stays as `redriven`, keeps the attempts of earlier rounds and says in its history what happened. Runs
 * in the transaction that stores, which holds `LOCK_TO_STORE`.
 */
export async function supersede(sql: Sql, messages: readonly { messageId: string; round: number }[]): Promise<void> {
  if (messages.length === 0) return;
  await sql.query(
    `UPDATE dead_letters AS dead
        SET state = 'redriven',
            attempts = (SELECT coalesce(jsonb_agg(attempt), '[]') FROM jsonb_array_elements(dead.attempts) AS attempt
                         WHERE (attempt ->> 'round')::int < stored.round),
            history = dead.history || jsonb_build_object('action', 'superseded', 'at', now(), 'round', stored.round,
                                                         'why', 'a copy of this message was stored')
       FROM jsonb_to_recordset($1::jsonb) AS stored (message_id uuid, round int)
      WHERE dead.message_id = stored.message_id AND dead.state = 'dead'`,
    [JSON.stringify(messages.map(({ messageId, round }) => ({ message_id: messageId, round })))],
  );
}
