import type { Sql } from '@esteira/postgres';
import type { Burial, DeadLetter } from './dead-letter.ts';

/**
 * Writes dead letters, compare-and-set on the round, and answers for each in the order given. Runs inside a
 * transaction that holds `LOCK_TO_BURY`. Of twins in one call the later ones are `same`.
 *
 * @param storedTable the pipeline's table of stored messages: what rests there can't become dead.
 */
export async function bury(sql: Sql, storedTable: string, letters: readonly DeadLetter[]): Promise<Burial[]> {
  if (letters.length === 0) return [];
  const rows = await sql.query<{ message_id: string; burial: Burial }>(burySql(storedTable), [
    JSON.stringify([...new Map(letters.map((letter) => [letter.messageId, letter])).values()].map(rowOf)),
  ]);
  const burials = new Map(rows.map(({ message_id, burial }) => [message_id, burial]));
  return letters.map(({ messageId }) => {
    const burial = burials.get(messageId) ?? 'same';
    burials.set(messageId, burial === 'buried' ? 'same' : burial);
    return burial;
  });
}

const burySql = (storedTable: string) => `
  WITH given AS (
    SELECT *, decode(body_base64, 'base64') AS body
      FROM jsonb_to_recordset($1::jsonb) AS letter (
        message_id uuid, pipeline text, system text, source_id bigint, source_created_at timestamptz, round int,
        attempts jsonb, reason text, error jsonb, body_base64 text, headers jsonb,
        first_attempt_at timestamptz, dead_at timestamptz)
  ), judged AS (
    SELECT given.*,
           CASE WHEN stored.message_id IS NOT NULL THEN 'stored'
                WHEN there.message_id IS NULL THEN 'buried'
                WHEN there.state = 'redriven' AND there.round = given.round THEN 'buried'
                WHEN there.state = 'dead' AND there.round = given.round THEN 'same'
                ELSE 'late' END AS burial
      FROM given
      LEFT JOIN ${storedTable} AS stored USING (message_id)
      LEFT JOIN dead_letters AS there USING (message_id)
  ), written AS (
    INSERT INTO dead_letters AS dead (message_id, pipeline, system, source_id, source_created_at, state, round,
                                      attempts, reason, error, body, headers, first_attempt_at, dead_at)
    SELECT message_id, pipeline, system, source_id, source_created_at, 'dead', round,
           attempts, reason, error, body, headers, first_attempt_at, dead_at
      FROM judged WHERE burial = 'buried'
    ON CONFLICT (message_id) DO UPDATE
      SET state = 'dead', attempts = dead.attempts || excluded.attempts, reason = excluded.reason,
          error = excluded.error, body = excluded.body, headers = excluded.headers, dead_at = excluded.dead_at
      WHERE dead.state = 'redriven' AND dead.round = excluded.round
  )
  SELECT message_id, burial FROM judged`;

function rowOf(letter: DeadLetter): Record<string, unknown> {
  return {
    message_id: letter.messageId,
    pipeline: letter.pipeline,
    system: letter.system,
    source_id: letter.sourceId,
    source_created_at: letter.sourceCreatedAt,
    round: letter.round,
    attempts: letter.attempts,
    reason: letter.reason,
    error: storable(letter.error),
    body_base64: Buffer.from(letter.body).toString('base64'),
    headers: storable(letter.headers),
    first_attempt_at: letter.firstAttemptAt,
    dead_at: letter.deadAt,
  };
}

/** What jsonb refuses inside a text (NUL, lone surrogates) becomes U+FFFD; bytes become base64. */
function storable(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed().replaceAll('\0', '\uFFFD');
  if (Buffer.isBuffer(value)) return value.toString('base64');
  if (Array.isArray(value)) return value.map(storable);
  if (typeof value === 'bigint') return String(value);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, held]) => [storable(name), storable(held)]));
}
