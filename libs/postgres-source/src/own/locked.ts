import { setTimeout as sleep } from 'node:timers/promises';
import { sqlState, type Postgres, type Sql } from '@esteira/postgres';
import { quotedTable } from '../table.ts';
import type { TableFacts } from './facts.ts';

/** A preparation that can't go on. What was done stays; the same command goes on from there. */
export class PreparationStopped extends Error {
  override name = 'PreparationStopped';
}

/** The longest a statement waits for its lock, in milliseconds: everybody else queues behind it meanwhile. */
const LOCK_TIMEOUT_MS = 2_000;
/** How often a lock is tried to get. */
export const LOCK_TRIES = 60;
/** Between two tries, in milliseconds. */
const PAUSE_MS = 1_000;
const LOCK_NOT_AVAILABLE = '55P03';

/** How a lock is waited for. */
export interface LockWait {
  readonly tries: number;
  /** Hears who has the lock, before it is tried again. */
  readonly onWait: (holders: string) => void;
}

/** A transaction that lets go and tries again where somebody has the table: nobody queues behind it for long. */
export async function locked(
  postgres: Postgres,
  facts: TableFacts,
  work: readonly string[] | ((sql: Sql) => Promise<void>),
  { tries, onWait }: LockWait,
): Promise<void> {
  for (let left = tries; ; left--) {
    try {
      await postgres.transaction(async (sql) => {
        if (typeof work === 'function') await work(sql);
        else for (const statement of work) await sql.query(statement);
      }, `set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
      return;
    } catch (error) {
      if (sqlState(error) !== LOCK_NOT_AVAILABLE) throw error;
      const holders = await holdersOf(postgres, facts);
      if (left <= 1) {
        const table = quotedTable(facts);
        throw new PreparationStopped(`${table} was in use all the time, by ${holders}. Try again when that has ended.`);
      }
      onWait(holders);
      await sleep(PAUSE_MS);
    }
  }
}

async function holdersOf(sql: Sql, facts: TableFacts): Promise<string> {
  const holders = await sql.query<{ pid: number | null; application: string | null; seconds: number | null }>(
    `select l.pid, a.application_name as application, extract(epoch from clock_timestamp() - a.xact_start)::int as seconds
       from pg_locks as l left join pg_stat_activity as a on a.pid = l.pid
      where l.relation = (select c.oid from pg_class as c where c.relnamespace = $1::text::regnamespace and c.relname = $2)
        and l.granted and l.pid is distinct from pg_backend_pid() order by a.xact_start limit 5`,
    [quotedTable({ name: facts.schema }), facts.name],
  );
  const described = holders.map(({ pid, application, seconds }) =>
    pid === null ? 'a prepared transaction' : `pid ${pid} (${application ?? 'unknown'}, open for ${seconds ?? '?'} s)`,
  );
  return described.length === 0 ? 'a transaction that has just ended' : described.join(', ');
}
