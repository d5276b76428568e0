import type { Sql } from '@esteira/postgres';

/** What holds the watermark back: the oldest transaction that has not ended, in any database of the cluster. */
export interface WatermarkHolder {
  readonly kind: 'backend' | 'prepared';
  /** Of a backend; `pg_terminate_backend(pid)` ends it. */
  readonly pid?: number;
  /** Its application_name; hidden from a role without pg_read_all_stats when it is another role's. */
  readonly application?: string;
  /** Of a prepared transaction; `ROLLBACK PREPARED` or `COMMIT PREPARED` ends it. */
  readonly gid?: string;
  readonly database?: string;
  /** How long the transaction has been open, in seconds; hidden like `application`. */
  readonly ageSeconds?: number;
}

/** Up to where rows may be read. */
export interface Watermark {
  /** Rows of this transaction and of later ones are not yet safe to read. */
  readonly xmin: string;
  /** How long it has been held where it is, in seconds; 0 when nothing holds it. */
  readonly lagSeconds: number;
  readonly heldBy?: WatermarkHolder;
}

/**
 * The holder has the lock on its own transaction id, which everybody may see in pg_locks; a prepared transaction has it
 * without a pid. pg_locks knows the low 32 bits only. Whether xmin lies below xmax says nothing: while no younger
 * transaction has ended, both are the holder's id.
 */
const WATERMARK = `
  with snapshot as materialized (select pg_snapshot_xmin(pg_current_snapshot()) as xmin),
  holder as (
    select lock.pid, lock.transactionid from pg_locks as lock, snapshot
    where lock.locktype = 'transactionid' and lock.mode = 'ExclusiveLock' and lock.granted
      and lock.transactionid::text::bigint = xmin::text::bigint % 4294967296
    limit 1
  )
  select snapshot.xmin::text as xmin,
    case when holder.transactionid is null then null when prepared.gid is null then 'backend' else 'prepared' end as kind,
    holder.pid, activity.application_name as application, prepared.gid,
    coalesce(activity.datname::text, prepared.database::text) as database,
    extract(epoch from clock_timestamp() - coalesce(activity.xact_start, prepared.prepared))::float8 as "ageSeconds"
  from snapshot
  left join holder on true
  left join pg_stat_activity as activity on activity.pid = holder.pid
  left join pg_prepared_xacts as prepared on prepared.transaction = holder.transactionid`;

type WatermarkRow = { xmin: string } & { [K in keyof WatermarkHolder]-?: WatermarkHolder[K] | null };

/** The watermark now, and what holds it back. */
export async function watermark(postgres: Sql): Promise<Watermark> {
  const [row] = await postgres.query<WatermarkRow>(WATERMARK);
  if (row === undefined) throw new Error('Postgres gave no answer when it was asked for its watermark');
  const { xmin, ...holder } = row;
  if (holder.kind === null) return { xmin, lagSeconds: 0 };
  const known = Object.entries(holder).filter(([, value]) => value !== null);
  return {
    xmin,
    lagSeconds: Math.max(0, holder.ageSeconds ?? 0),
    heldBy: Object.fromEntries(known) as unknown as WatermarkHolder,
  };
}
