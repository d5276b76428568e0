import { hostname } from 'node:os';
import { isoTime, type Sql } from '@esteira/postgres';
import type { KnownProcess } from './processes.ts';
import { GONE_SECONDS, SILENT_SECONDS, type ProcessRegister } from './register.ts';

/** Processes that work on a database: in its table `processes`, which the migrations make. A beat is one row. */
export function postgresRegister(store: Sql): ProcessRegister {
  return {
    beat: async ({ pipeline, role, worker }, startedAt, state) => {
      const [row] = await store.query<{ started_at: string }>(
        `INSERT INTO processes (pipeline, role, worker, host, started_at, seen_at, state)
         VALUES ($1, $2, $3, $4, coalesce($5::timestamptz, now()), now(), $6)
         ON CONFLICT (pipeline, role, worker) DO UPDATE
           SET host = excluded.host, started_at = excluded.started_at, seen_at = excluded.seen_at, state = excluded.state
         RETURNING started_at::text AS started_at`,
        [pipeline, role, worker, hostname(), startedAt, JSON.stringify(state)],
      );
      if (row === undefined) throw new Error(`${worker} is not among the processes after it was written there.`);
      await store.query(`DELETE FROM processes WHERE seen_at < now() - $1 * interval '1 second'`, [GONE_SECONDS]);
      return row.started_at;
    },
    leave: async ({ pipeline, role, worker }) => {
      const which = [pipeline, role, worker];
      await store.query('DELETE FROM processes WHERE pipeline = $1 AND role = $2 AND worker = $3', which);
    },
    known: (pipeline) =>
      store.query<KnownProcess>(
        `SELECT pipeline, role, worker, host, state, ${isoTime('started_at', 'startedAt')}, ${isoTime('seen_at', 'seenAt')},
                seen_at < now() - $2 * interval '1 second' AS "isSilent"
           FROM processes
          WHERE pipeline = $1 AND seen_at >= now() - $3 * interval '1 second'
          ORDER BY role, worker`,
        [pipeline, SILENT_SECONDS, GONE_SECONDS],
      ),
  };
}
