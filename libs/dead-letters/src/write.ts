import type { Sql } from '@esteira/postgres';
import type { AtRestView } from './at-rest.ts';
import type { DeadLetter, DeadLetterWrite } from './dead-letter.ts';
import { wordsOf } from './words.ts';

/**
 * Writes dead letters, compare-and-set on the round, and answers for each in the order given. Runs inside a
 * transaction that holds `lockToWriteDeadLetters`; rows are written in the order of their ids. Of twins in one call the first is
 * written; a later one is `same`, or `conflict` if it is another incarnation.
 *
 * @param atRest what is stored already can't become dead
 */
export async function writeDeadLetters(
  sql: Sql,
  atRest: AtRestView,
  deadLetters: readonly DeadLetter[],
): Promise<DeadLetterWrite[]> {
  if (deadLetters.length === 0) return [];
  const rows = await sql.query<{ outcome: DeadLetterWrite }>(writeSql(atRest), [
    JSON.stringify(deadLetters.map((deadLetter, index) => ({ ...rowOf(deadLetter), index }))),
  ]);
  return rows.map(({ outcome }) => outcome);
}

const writeSql = ({ view }: AtRestView) => `
  WITH given AS (
    SELECT *, decode(body_base64, 'base64') AS body,
           row_number() OVER (PARTITION BY message_id, incarnation ORDER BY index) = 1 AS is_first,
           incarnation IS NOT DISTINCT FROM
             first_value(incarnation) OVER (PARTITION BY message_id ORDER BY index) AS is_of_first
      FROM jsonb_to_recordset($1::jsonb) AS dead_letter (
        index int, message_id uuid, pipeline text, lane text, type text, origin text, key text, incarnation text,
        round int, attempts jsonb, reason text, error jsonb, body_base64 text, headers jsonb,
        words jsonb, first_attempt_at timestamptz, dead_at timestamptz)
  ), judged AS (
    SELECT given.*,
           CASE WHEN stored.message_id IS NOT NULL AND stored.incarnation IS NOT DISTINCT FROM given.incarnation
                  THEN 'stored'
                WHEN there.message_id IS NULL AND (stored.message_id IS NOT NULL OR NOT is_of_first) THEN 'conflict'
                WHEN there.message_id IS NULL THEN 'written'
                WHEN there.incarnation IS DISTINCT FROM given.incarnation THEN 'conflict'
                WHEN there.state = 'redriven' AND there.round = given.round THEN 'written'
                WHEN there.state = 'dead' AND there.round = given.round THEN 'same'
                ELSE 'late' END AS outcome
      FROM given
      LEFT JOIN ${view} AS stored USING (message_id)
      LEFT JOIN dead_letters AS there USING (message_id)
  ), written AS (
    INSERT INTO dead_letters AS dead (message_id, pipeline, lane, type, origin, key, incarnation, state, round, attempts,
                                      reason, error, body, headers, words, first_attempt_at, dead_at)
    SELECT message_id, pipeline, lane, type, origin, key, incarnation, 'dead', round, attempts,
           reason, error, body, headers, array_to_tsvector(array(SELECT jsonb_array_elements_text(words))),
           first_attempt_at, dead_at
      FROM judged WHERE outcome = 'written' AND is_first ORDER BY message_id
    ON CONFLICT (message_id) DO UPDATE
      SET state = 'dead', lane = excluded.lane, type = excluded.type, attempts = dead.attempts || excluded.attempts, reason = excluded.reason,
          error = excluded.error, body = excluded.body, headers = excluded.headers, words = excluded.words,
          dead_at = excluded.dead_at
      WHERE dead.state = 'redriven' AND dead.round = excluded.round
  )
  SELECT CASE WHEN outcome = 'written' AND NOT is_first THEN 'same' ELSE outcome END AS outcome FROM judged ORDER BY index`;

function rowOf(deadLetter: DeadLetter): Record<string, unknown> {
  return {
    message_id: deadLetter.messageId,
    pipeline: deadLetter.pipeline,
    lane: storable(deadLetter.lane),
    type: storable(deadLetter.type),
    origin: deadLetter.origin,
    key: deadLetter.key,
    incarnation: deadLetter.incarnation,
    round: deadLetter.round,
    attempts: deadLetter.attempts,
    reason: deadLetter.reason,
    error: storable(deadLetter.error),
    body_base64: Buffer.from(deadLetter.body).toString('base64'),
    headers: storable(deadLetter.headers),
    words: wordsOf(deadLetter.error, deadLetter.body),
    first_attempt_at: deadLetter.firstAttemptAt,
    dead_at: deadLetter.deadAt,
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
