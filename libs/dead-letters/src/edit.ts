import { createHash } from 'node:crypto';
import type { Failure } from '@esteira/pipeline';
import type { Postgres, Sql } from '@esteira/postgres';
import { recordAction } from './actions.ts';
import type { DeadLetterState } from './filter.ts';
import { getDeadLetter } from './list.ts';
import type { BodyIdentity, Redrivable } from './redrivable.ts';
import type { StoredDeadLetter } from './stored-dead-letter.ts';
import { wordsOf } from './words.ts';

/** A new body for a dead letter, by whom and why. */
export interface BodyEdit {
  readonly messageId: string;
  readonly body: Uint8Array;
  readonly by: string;
  readonly why: string;
}

/** What became of an edit: the dead letter as it is now, or why nothing was changed. */
export type Edited =
  | { readonly kind: 'edited'; readonly deadLetter: StoredDeadLetter }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'not-dead'; readonly state: DeadLetterState }
  /** No consumer could read it, or it is another message's. */
  | { readonly kind: 'refused'; readonly problem: Failure };

interface Row {
  readonly state: DeadLetterState;
  readonly body: Buffer;
  readonly error: Failure;
  readonly system: string | null;
  readonly sourceId: string | null;
  readonly isOfRow: boolean;
}

/**
 * Gives a dead letter another body, before it is redriven. The body must be one that a consumer reads; who it is
 * stays: system, row and the time the row was made, as far as the dead letter knows them. Where it could not tell, the
 * edit may say it. The bytes that died first are kept.
 */
export async function editBody(sql: Postgres, redrivable: Redrivable, edit: BodyEdit): Promise<Edited> {
  const pipeline = redrivable.pipeline.name;
  const identity = redrivable.readBody(edit.body);
  if ('problem' in identity) return { kind: 'refused', problem: identity.problem };
  return sql.transaction(async (tx) => {
    const row = await locked(tx, pipeline, edit.messageId, identity);
    if (row === undefined) return { kind: 'unknown' };
    if (row.state !== 'dead') return { kind: 'not-dead', state: row.state };
    const problem = otherMessage(row, identity);
    if (problem !== undefined) return { kind: 'refused', problem };
    if (!row.body.equals(edit.body)) await write(tx, pipeline, row, identity, edit);
    const deadLetter = await getDeadLetter(tx, pipeline, edit.messageId);
    return deadLetter === undefined ? { kind: 'unknown' } : { kind: 'edited', deadLetter };
  });
}

async function locked(
  sql: Sql,
  pipeline: string,
  messageId: string,
  { createdAt }: BodyIdentity,
): Promise<Row | undefined> {
  const [row] = await sql.query<Row>(
    `SELECT state, body, error, system, source_id::text AS "sourceId",
            source_created_at IS NULL OR source_created_at = $3::timestamptz AS "isOfRow"
       FROM dead_letters WHERE pipeline = $1 AND message_id = $2::uuid FOR UPDATE`,
    [pipeline, messageId, createdAt],
  );
  return row;
}

function otherMessage({ system, sourceId, isOfRow }: Row, identity: BodyIdentity): Failure | undefined {
  const code = 'other-message';
  if (system !== null && system !== identity.system) {
    return { code, message: `The system must stay ${system}, not ${identity.system}.` };
  }
  if (sourceId !== null && sourceId !== identity.sourceId) {
    return { code, message: `The row id must stay ${sourceId}, not ${identity.sourceId}.` };
  }
  if (!isOfRow) return { code, message: `The time the row was made must stay, not become ${identity.createdAt}.` };
  return undefined;
}

async function write(sql: Sql, pipeline: string, row: Row, identity: BodyIdentity, edit: BodyEdit): Promise<void> {
  const { messageId, body, by, why } = edit;
  const hashes = { from_sha256: sha256(row.body), to_sha256: sha256(body) };
  await sql.query(
    `UPDATE dead_letters
        SET body = $2, original_body = coalesce(original_body, body), system = coalesce(system, $3),
            source_id = coalesce(source_id, $4::bigint), source_created_at = coalesce(source_created_at, $5::timestamptz),
            words = array_to_tsvector($9::text[]),
            history = history || (jsonb_build_object('action', 'edited', 'at', now(), 'round', round, 'by', $6::text,
                                                     'why', $7::text) || $8::jsonb)
      WHERE message_id = $1::uuid`,
    [
      messageId,
      Buffer.from(body),
      identity.system,
      identity.sourceId,
      identity.createdAt,
      by,
      why,
      JSON.stringify(hashes),
      wordsOf(row.error, body),
    ],
  );
  await recordAction(sql, { pipeline, by, action: 'body-edited', why, messageId, details: hashes });
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
