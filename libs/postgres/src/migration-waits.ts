import { openPostgres, type Sql } from './pool.ts';
import { addressOf } from './session.ts';

/** What a session does, and who holds what it waits for. */
const WAITS = `
  select extract(epoch from clock_timestamp() - asking.query_start)::int as seconds,
    left(regexp_replace(asking.query, '\\s+', ' ', 'g'), 200) as statement,
    (select string_agg(format('pid %s (%s, %s)', pid, coalesce(nullif(application_name, ''), 'no name'), state), ', ')
      from pg_stat_activity where pid = any(pg_blocking_pids(asking.pid))) as holders
  from pg_stat_activity as asking where asking.pid = $1`;

interface Waits {
  readonly seconds: number;
  readonly statement: string;
  readonly holders: string | null;
}

/** Tells again and again what a migration's session is at, until what it returns is called. */
export function tellWaits(
  url: string,
  /** Of the session that serves the migration. */
  pid: number,
  name: string,
  tell: (line: string) => void,
  everyMs: number,
): () => void {
  const postgres = openPostgres({ url, applicationName: `esteira migrate ${name} (watching)`, max: 1 });
  let asking = false;
  const look = async () => {
    if (asking) return;
    asking = true;
    try {
      const line = await waitOf(postgres, pid);
      if (line !== undefined) tell(`${name} of ${addressOf(url)}: ${line}`);
    } catch {
      // Who can't be asked has nothing to say; the migration's own connection tells of a server that is away.
    } finally {
      asking = false;
    }
  };
  const timer = setInterval(() => void look(), everyMs);
  return () => {
    clearInterval(timer);
    void postgres.close();
  };
}

async function waitOf(sql: Sql, pid: number): Promise<string | undefined> {
  const [waits] = await sql.query<Waits>(WAITS, [pid]);
  if (waits === undefined) return undefined;
  const { seconds, statement, holders } = waits;
  if (holders === null) return `a statement of the migration takes its time, ${seconds} s so far: ${statement}`;
  return `the migration waits for ${holders}, ${seconds} s so far, with: ${statement}`;
}
