import type { Sql } from '@esteira/postgres';
import { republishedInAll, RepublishingStopped, type Republished, type RepublishedRows } from '../republish.ts';
import { reconciliationRows } from './read.ts';
import type { KeptRow, RepublishEntry } from './kept.ts';

const ROWS_AT_ONCE = 1_000;
/** What is kept of the reason that ended one, in characters. */
const LONGEST_REASON = 1_000;

/** How the missing rows of a kept reconciliation are published again. */
export interface RepublishKeptOptions {
  /** Who wants it. */
  readonly by: string;
  readonly why: string;
  /** Publishes rows again, counts what became of them, and names those that the broker has. */
  readonly republish: (rows: readonly KeptRow[]) => Promise<RepublishedRows<KeptRow>>;
}

/** What publishing again would be for. */
export interface RepublishPreview {
  readonly total: number;
  readonly bySystem: readonly { readonly system: string; readonly count: number }[];
  /** The first few of them. */
  readonly first: readonly KeptRow[];
  /** Missing too, and published again since it was found. */
  readonly republished: number;
}

const PREVIEWED = 5;

/** Counts the missing rows of a kept reconciliation that would be published again. Reads only. */
export async function previewRepublish(endput: Sql, id: string): Promise<RepublishPreview> {
  const counts = await endput.query<{ system: string; count: number; republished: number }>(
    `SELECT system, (count(*) FILTER (WHERE republished_at IS NULL))::int AS count, count(republished_at)::int AS republished
       FROM reconciliation_rows WHERE reconciliation = $1::uuid AND kind = 'missing' GROUP BY system ORDER BY system`,
    [id],
  );
  const { items } = await reconciliationRows(endput, id, { kind: 'missing', isOpen: true, limit: PREVIEWED });
  return {
    total: counts.reduce((sum, { count }) => sum + count, 0),
    bySystem: counts.filter(({ count }) => count > 0).map(({ system, count }) => ({ system, count })),
    first: items,
    republished: counts.reduce((sum, { republished }) => sum + republished, 0),
  };
}

/**
 * Publishes the missing rows of a kept reconciliation again, but for those that were already. It does no harm to a
 * message that is at rest by now, or on its way: it is recognised by its id. What the broker has confirmed of a page is
 * noted then, so a second call publishes only the others: those it did not take, and those whose source rows were gone.
 *
 * @throws RepublishingStopped where anything ends it midway. What was done by then is kept, and what ended it, unless the
 * endput is what fails: its cause is always what failed first.
 */
export async function republishKept(
  endput: Sql,
  id: string,
  { by, why, republish }: RepublishKeptOptions,
): Promise<Republished> {
  let total = republishedInAll([]);
  const count = async (result: RepublishedRows<KeptRow>) => {
    total = republishedInAll([total, result]);
    if (result.confirmedRows.length > 0) await note(endput, id, result.confirmedRows);
  };
  try {
    for await (const rows of openRows(endput, id)) await count(await republish(rows));
    await keepEntry(endput, id, { by, why, ...total });
    return total;
  } catch (error) {
    // What can't be written down now has failed for the same reason, mostly; the caller hears of the first.
    const isMidway = error instanceof RepublishingStopped;
    if (isMidway) await count((error as RepublishingStopped<KeptRow>).done).catch(() => undefined);
    const stopped = new RepublishingStopped({ ...total, confirmedRows: [] }, isMidway ? error.cause : error);
    const entry = { by, why, ...total, stopped: stopped.message.slice(0, LONGEST_REASON) };
    await keepEntry(endput, id, entry).catch(() => undefined);
    throw stopped;
  }
}

/** The missing rows that were not published again, a page at a time. */
async function* openRows(endput: Sql, id: string): AsyncGenerator<readonly KeptRow[], void, undefined> {
  let cursor: string | undefined;
  do {
    const page = await reconciliationRows(endput, id, {
      kind: 'missing',
      limit: ROWS_AT_ONCE,
      ...(cursor === undefined ? {} : { cursor }),
    });
    const rows = page.items.filter(({ republishedAt }) => republishedAt === null);
    if (rows.length > 0) yield rows;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
}

async function keepEntry(endput: Sql, id: string, entry: Omit<RepublishEntry, 'at'>): Promise<void> {
  await endput.query(
    `UPDATE reconciliations SET republishing = republishing || jsonb_build_array(jsonb_build_object('at', now()) || $2)
      WHERE id = $1`,
    [id, JSON.stringify(entry)],
  );
}

async function note(endput: Sql, id: string, rows: readonly KeptRow[]): Promise<void> {
  await endput.query(
    `WITH noted AS (
       UPDATE reconciliation_rows AS row SET republished_at = now()
         FROM jsonb_to_recordset($2::jsonb) AS sent (system text, id bigint)
        WHERE reconciliation = $1::uuid AND kind = 'missing' AND row.system = sent.system AND source_id = sent.id
          AND republished_at IS NULL
       RETURNING source_id
     )
     UPDATE reconciliations SET republished = republished + (SELECT count(*) FROM noted) WHERE id = $1::uuid`,
    [id, JSON.stringify(rows.map(({ system, id: sourceId }) => ({ system, id: sourceId })))],
  );
}
