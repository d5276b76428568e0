import { isoTime, type Sql } from '@esteira/postgres';
import type { AtRestView } from './at-rest.ts';
import type { DeadLetterAttempt } from './dead-letter.ts';
import type { DeadLetterState } from './filter.ts';
import { knownIds } from './known-ids.ts';

/** A message to recall. */
export interface Recollection {
  readonly messageId: string;
  readonly round: number;
  readonly incarnation: string | null;
}

/**
 * Where a message rests already. A dead letter is `dead`, `discarded`, or `redriven` where it goes on in a later round than
 * the message's; `last` is the attempt it died of. Times are ISO 8601 text.
 */
export type AtRest =
  | { readonly kind: 'stored'; readonly messageId: string; round: number; attempts: number; storedAt: string }
  | {
      readonly kind: 'dead';
      readonly messageId: string;
      state: DeadLetterState;
      deadAt: string;
      reason: string;
      last: DeadLetterAttempt | null;
    };

interface Row {
  index: number;
  message_id: string;
  stored: boolean;
  round: number | null;
  attempts: number | null;
  stored_at: string | null;
  state: DeadLetterState | null;
  dead_at: string | null;
  reason: string | null;
  last: DeadLetterAttempt | null;
}

/**
 * Which of these messages are at rest: stored, as the pipeline's store shows, or a dead letter in state dead or discarded, or of a
 * later round than the message's. Messages that nothing is known of, which is most of them, cost one query. A row with
 * the same id but another incarnation is another message's.
 *
 * @returns for each, in the order given, where it rests; undefined for those that rest nowhere.
 */
export async function recall(
  sql: Sql,
  { view }: AtRestView,
  messages: readonly Recollection[],
): Promise<(AtRest | undefined)[]> {
  const known = await knownIds(
    sql,
    [view, 'dead_letters'],
    messages.map(({ messageId }) => messageId),
  );
  const asked = messages.flatMap((message, index) => (known.has(message.messageId) ? [{ message, index }] : []));
  if (asked.length === 0) return messages.map(() => undefined);
  const rows = await sql.query<Row>(
    `SELECT asked.index, asked.message_id, stored.message_id IS NOT NULL AS stored, stored.round, stored.attempts,
            ${isoTime('stored.stored_at', 'stored_at')}, ${isoTime('dead.dead_at', 'dead_at')},
            dead.state, dead.reason, dead.attempts -> -1 AS last
       FROM jsonb_to_recordset($1::jsonb) AS asked (index int, message_id uuid, round int, incarnation text)
       LEFT JOIN ${view} AS stored
         ON stored.message_id = asked.message_id AND stored.incarnation IS NOT DISTINCT FROM asked.incarnation
       LEFT JOIN dead_letters AS dead
         ON dead.message_id = asked.message_id
        AND dead.incarnation IS NOT DISTINCT FROM asked.incarnation
        AND (dead.state IN ('dead', 'discarded') OR dead.round > asked.round)
      WHERE stored.message_id IS NOT NULL OR dead.message_id IS NOT NULL`,
    [
      JSON.stringify(
        asked.map(({ message, index }) => ({
          index,
          message_id: message.messageId,
          round: message.round,
          incarnation: message.incarnation,
        })),
      ),
    ],
  );
  const restOf = new Map(rows.map((row) => [row.index, atRest(row)]));
  return messages.map((_, index) => restOf.get(index));
}

function atRest({ message_id: messageId, ...row }: Row): AtRest {
  if (row.stored)
    return {
      ...{ kind: 'stored', messageId, round: row.round ?? 1, attempts: row.attempts ?? 1 },
      storedAt: row.stored_at ?? '',
    };
  const { state, dead_at: deadAt, reason, last } = row;
  return { kind: 'dead', messageId, state: state ?? 'dead', deadAt: deadAt ?? '', reason: reason ?? '', last };
}

/** What a message that was accepted counts as in books; undefined where it rests nowhere, or is on its way again. Pure. */
export function restsAs(rest: AtRest | undefined): 'stored' | 'dead' | 'discarded' | undefined {
  if (rest?.kind !== 'dead') return rest?.kind;
  return rest.state === 'redriven' ? undefined : rest.state;
}
