import type { OutgoingMessage, WireHeaders } from '@esteira/pipeline';
import type { Sql } from '@esteira/postgres';
import { redrivenMessage } from './jobs/send.ts';
import { isOneOfKeys, ORDER_OF_KEYS } from './keys.ts';
import { readIdentity, type Redrivable } from './redrivable.ts';

/** The message of a dead letter that is on its way again. */
export interface RedrivenMessage {
  readonly message: OutgoingMessage;
  /** Null where the dead letter does not know. */
  readonly incarnation: string | null;
}

interface Row {
  readonly lane: string | null;
  readonly type: string | null;
  readonly round: number;
  readonly body: Buffer;
  readonly headers: WireHeaders;
  readonly incarnation: string | null;
}

/**
 * Makes the messages of redriven dead letters again, in the round they travel in: with the body that was redriven, which
 * a person may have edited, and not with that of the source.
 *
 * @param keys those without a redriven dead letter are left out
 */
export async function redrivenMessages(
  sql: Sql,
  redrivable: Redrivable,
  { origin, keys }: { readonly origin: string; readonly keys: readonly string[] },
  maxAttempts: number,
): Promise<RedrivenMessage[]> {
  const { pipeline } = redrivable;
  const rows = await sql.query<Row>(
    `SELECT lane, type, round, body, headers, incarnation FROM dead_letters
      WHERE pipeline = $1 AND origin = $2 AND ${isOneOfKeys('$3')} AND state = 'redriven' AND round > 1
      ORDER BY ${ORDER_OF_KEYS}, round`,
    [pipeline.name, origin, keys],
  );
  return rows.flatMap(({ lane, type, round, body, headers, incarnation }) => {
    const identity = readIdentity(redrivable, { body, type });
    if ('problem' in identity) return [];
    const dead = { sendAs: identity.messageId, lane, type, round, body, headers };
    return [{ message: redrivenMessage(pipeline, dead, null, maxAttempts), incarnation }];
  });
}
