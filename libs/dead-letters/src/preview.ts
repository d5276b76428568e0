import type { Sql } from '@esteira/postgres';
import type { AtRestView } from './at-rest.ts';
import { conditionOf } from './filter.ts';
import type { JobAction } from './jobs/job.ts';
import { canarySize } from './jobs/canaries.ts';
import type { Selection } from './jobs/selection.ts';
import type { Redrivable } from './redrivable.ts';

/** What a bulk action would do, before anybody does it. */
export interface Preview {
  /** Open dead letters it is for. */
  readonly total: number;
  readonly byOrigin: readonly { readonly origin: string | null; readonly count: number }[];
  readonly byReason: readonly { readonly reason: string; readonly errorCode: string; readonly count: number }[];
  /** Of these: stored already, so that nothing would change. */
  readonly alreadyStored: number;
  /** Of these: `invalid` and never edited. Those that still can't be read stay as they are. */
  readonly perhapsUnreadable: number;
  /** Named, but not dead any more, or unknown: nothing would change. */
  readonly notDead: number;
  /** How many would be sent before the others. */
  readonly canary: number;
  /** How long it takes at this rate, in seconds, without what the canaries are waited for; null without a rate. */
  readonly seconds: number | null;
}

/** What a preview is of. */
export interface PreviewRequest {
  readonly action: JobAction;
  readonly selection: Selection;
  readonly ratePerSecond?: number;
  readonly stopAtFailedShare?: number;
}

interface Row {
  origin: string | null;
  reason: string;
  errorCode: string;
  count: number;
  stored: number;
}

/** Counts what a redrive or a discard would be for. Reads only. */
export async function previewJob(
  sql: Sql,
  { pipeline, atRest }: Redrivable,
  { action, selection, ratePerSecond, stopAtFailedShare = 1 }: PreviewRequest,
): Promise<Preview> {
  const ids = 'messageIds' in selection ? [...new Set(selection.messageIds)] : undefined;
  const filter = 'filter' in selection ? selection.filter : {};
  const condition = conditionOf(pipeline.name, { ...filter, state: 'dead' }, 2);
  const chosen = `${condition.sql} AND ($1::uuid[] IS NULL OR message_id = ANY ($1::uuid[]))`;
  const values = [ids ?? null, ...condition.values];
  const count = async (query: string) => (await sql.query<{ count: number }>(query, values))[0]?.count ?? 0;
  const rows = await sql.query<Row>(countsSql(chosen, atRest), values);
  const hasInvalid = action === 'redrive' && rows.some(({ reason }) => reason === 'invalid');
  const unread = hasInvalid ? await count(`${UNREAD} AND ${chosen}`) : 0;
  const total = rows.reduce((sum, row) => sum + row.count, 0);
  return {
    total,
    byOrigin: counted(rows, ({ origin }) => ({ origin })),
    byReason: counted(rows, ({ reason, errorCode }) => ({ reason, errorCode })),
    alreadyStored: rows.reduce((sum, row) => sum + row.stored, 0),
    perhapsUnreadable: unread,
    notDead: ids === undefined ? 0 : ids.length - total,
    canary: action === 'redrive' && stopAtFailedShare < 1 ? canarySize(total) : 0,
    seconds: ratePerSecond === undefined ? null : Math.ceil(total / ratePerSecond),
  };
}

const UNREAD = `SELECT count(*)::int AS count FROM dead_letters WHERE reason = 'invalid' AND original_body IS NULL`;

/** One pass over the dead letters, by what stands in an index: their bodies would have to be read along. */
const countsSql = (chosen: string, { view }: AtRestView) => `
  SELECT dead.origin, reason, error_code AS "errorCode", count(*)::int AS count, count(stored.message_id)::int AS stored
    FROM (SELECT message_id, incarnation, origin, reason, error_code FROM dead_letters WHERE ${chosen}) AS dead
    LEFT JOIN ${view} AS stored
      ON stored.message_id = dead.message_id AND stored.incarnation IS NOT DISTINCT FROM dead.incarnation
   GROUP BY 1, 2, 3`;

/** Counts by what `keyOf` says, largest first. */
function counted<K extends object>(rows: readonly Row[], keyOf: (row: Row) => K): (K & { count: number })[] {
  const counts = new Map<string, K & { count: number }>();
  for (const row of rows) {
    const key = keyOf(row);
    const name = JSON.stringify(key);
    counts.set(name, { ...key, count: (counts.get(name)?.count ?? 0) + row.count });
  }
  return [...counts.values()].sort((one, other) => other.count - one.count);
}
