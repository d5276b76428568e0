import { createHash } from 'node:crypto';
import type { Failure, Identity } from '@esteira/pipeline';
import type { Postgres, Sql } from '@esteira/postgres';
import { recordAction } from './actions.ts';
import type { DeadLetterState } from './filter.ts';
import { getDeadLetter } from './list.ts';
import { readIdentity, type Redrivable } from './redrivable.ts';
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
  readonly type: string | null;
  readonly body: Buffer;
  readonly error: Failure;
  readonly origin: string | null;
  readonly key: string | null;
  readonly incarnation: string | null;
}

/**
 * Gives a dead letter another body, before it is redriven. The body must be one that a consumer reads as of the dead
 * letter's type; who it is stays: origin, key and incarnation, as far as the dead letter knows them. Where it could not
 * tell, the edit may say it. The bytes that died first are kept.
 */
export async function editBody(sql: Postgres, redrivable: Redrivable, edit: BodyEdit): Promise<Edited> {
  const pipeline = redrivable.pipeline.name;
  return sql.transaction(async (tx) => {
    const row = await locked(tx, pipeline, edit.messageId);
    if (row === undefined) return { kind: 'unknown' };
    const identity = readIdentity(redrivable, { body: edit.body, type: row.type });
    if ('problem' in identity) return { kind: 'refused', problem: identity.problem };
    if (row.state !== 'dead') return { kind: 'not-dead', state: row.state };
    const problem = otherMessage(row, identity);
    if (problem !== undefined) return { kind: 'refused', problem };
    if (!row.body.equals(edit.body)) await write(tx, pipeline, row, identity, edit);
    const deadLetter = await getDeadLetter(tx, pipeline, edit.messageId);
    return deadLetter === undefined ? { kind: 'unknown' } : { kind: 'edited', deadLetter };
  });
}

async function locked(sql: Sql, pipeline: string, messageId: string): Promise<Row | undefined> {
  const [row] = await sql.query<Row>(
    `SELECT state, type, body, error, origin, key, incarnation FROM dead_letters
      WHERE pipeline = $1 AND message_id = $2::uuid FOR UPDATE`,
    [pipeline, messageId],
  );
  return row;
}

/** Who it is stays, as far as that is known. */
const STAYING = ['origin', 'key', 'incarnation'] as const;

function otherMessage(row: Row, identity: Identity): Failure | undefined {
  const name = STAYING.find((one) => row[one] !== null && row[one] !== identity[one]);
  if (name === undefined) return undefined;
  return { code: 'other-message', message: `The ${name} must stay ${row[name]}, not ${identity[name]}.` };
}

async function write(sql: Sql, pipeline: string, row: Row, identity: Identity, edit: BodyEdit): Promise<void> {
  const { messageId, body, by, why } = edit;
  const hashes = { from_sha256: sha256(row.body), to_sha256: sha256(body) };
  await sql.query(
    `UPDATE dead_letters
        SET body = $2, original_body = coalesce(original_body, body), origin = coalesce(origin, $3),
            key = coalesce(key, $4), incarnation = coalesce(incarnation, $5),
            words = array_to_tsvector($9::text[]),
            history = history || (jsonb_build_object('action', 'edited', 'at', now(), 'round', round, 'by', $6::text,
                                                     'why', $7::text) || $8::jsonb)
      WHERE message_id = $1::uuid`,
    [
      messageId,
      Buffer.from(body),
      identity.origin,
      identity.key,
      identity.incarnation,
      by,
      why,
      JSON.stringify(hashes),
      wordsOf(row.error, body),
    ],
  );
  await recordAction(sql, { pipeline, by, action: 'body-edited', why, messageId, details: hashes });
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
