import { present } from '@esteira/pipeline';
import { isoTime, type Sql } from '@esteira/postgres';
import type { ArchivedRows } from '../archivings.ts';

/** What somebody says was removed from a source on purpose; a day, an id, or both. */
export interface NewArchiving extends ArchivedRows {
  readonly system: string;
  readonly by: string;
  readonly why: string;
}

/** The same as it is remembered. Times are ISO 8601. */
export interface Archiving {
  readonly id: string;
  readonly system: string;
  readonly beforeDay: string | null;
  readonly upToId: string | null;
  readonly by: string;
  readonly why: string;
  readonly at: string;
  /** Since when it does not count any more, and by whom; null while it does. */
  readonly withdrawnAt: string | null;
  readonly withdrawnBy: string | null;
}

const COLUMNS = `id, system, before_day AS "beforeDay", up_to_id::text AS "upToId", by, why, ${isoTime('at', 'at')},
  ${isoTime('withdrawn_at', 'withdrawnAt')}, withdrawn_by AS "withdrawnBy"`;

/** Writes down that rows were archived at their source: they are no orphans any more. */
export async function addArchiving(
  endput: Sql,
  pipeline: string,
  { system, beforeDay, upToId, by, why }: NewArchiving,
): Promise<Archiving> {
  const [made] = await endput.query<Archiving>(
    `INSERT INTO archivings (pipeline, system, before_day, up_to_id, by, why)
     VALUES ($1, $2, $3, $4::bigint, $5, $6) RETURNING ${COLUMNS}`,
    [pipeline, system, beforeDay ?? null, upToId ?? null, by, why],
  );
  if (made === undefined) throw new Error(`The archiving of ${system} is not there after it was written.`);
  return made;
}

/** Takes one back: its rows are orphans again. Undefined where there is none that counts. */
export async function withdrawArchiving(
  endput: Sql,
  pipeline: string,
  id: string,
  by: string,
): Promise<Archiving | undefined> {
  const [withdrawn] = await endput.query<Archiving>(
    `UPDATE archivings SET withdrawn_at = now(), withdrawn_by = $3
      WHERE pipeline = $1 AND id = $2::bigint AND withdrawn_at IS NULL RETURNING ${COLUMNS}`,
    [pipeline, id, by],
  );
  return withdrawn;
}

/** All that were ever said, the newest first: they are few. */
export function listArchivings(endput: Sql, pipeline: string): Promise<Archiving[]> {
  return endput.query<Archiving>(`SELECT ${COLUMNS} FROM archivings WHERE pipeline = $1 ORDER BY archivings.id DESC`, [
    pipeline,
  ]);
}

/** Those of a system that count. */
export async function archivedRows(endput: Sql, pipeline: string, system: string): Promise<ArchivedRows[]> {
  const all = await listArchivings(endput, pipeline);
  return all
    .filter((one) => one.system === system && one.withdrawnAt === null)
    .map(({ beforeDay, upToId }) => present({ beforeDay: beforeDay ?? undefined, upToId: upToId ?? undefined }));
}
