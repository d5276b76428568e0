import type { OutgoingMessage, WireHeaders } from '@esteira/pipeline';
import { isoTime, type Sql } from '@esteira/postgres';
import { redrivenMessage } from './jobs/send.ts';
import type { Redrivable } from './redrivable.ts';

/** The message of a dead letter that is on its way again. */
export interface RedrivenMessage {
  readonly message: OutgoingMessage;
  /** When its source row was made, ISO 8601; null where the dead letter does not know. */
  readonly sourceCreatedAt: string | null;
}

interface Row {
  readonly lane: string | null;
  readonly round: number;
  readonly body: Buffer;
  readonly headers: WireHeaders;
  readonly sourceCreatedAt: string | null;
}

/**
 * Makes the messages of redriven dead letters again, in the round they travel in: with the body that was redriven, which
 * a person may have edited, and not with that of the source row.
 *
 * @param sourceIds decimal texts; rows without a redriven dead letter are left out
 */
export async function redrivenMessages(
  sql: Sql,
  { pipeline, readBody }: Redrivable,
  { system, sourceIds }: { readonly system: string; readonly sourceIds: readonly string[] },
  maxAttempts: number,
): Promise<RedrivenMessage[]> {
  const rows = await sql.query<Row>(
    `SELECT lane, round, body, headers, ${isoTime('source_created_at', 'sourceCreatedAt')} FROM dead_letters
      WHERE pipeline = $1 AND system = $2 AND source_id = ANY ($3::bigint[]) AND state = 'redriven' AND round > 1
      ORDER BY source_id, round`,
    [pipeline.name, system, sourceIds],
  );
  return rows.flatMap(({ lane, round, body, headers, sourceCreatedAt }) => {
    const identity = readBody(body);
    if ('problem' in identity) return [];
    const dead = { sendAs: identity.messageId, lane, round, body, headers };
    return [{ message: redrivenMessage(pipeline, dead, null, maxAttempts), sourceCreatedAt }];
  });
}
