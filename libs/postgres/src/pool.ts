import pg from 'pg';

/** A row as the driver gives it: bigint, numeric and times are text; jsonb is parsed; int and boolean are native. */
export type Row = Record<string, unknown>;

/** Something that runs one statement: a pool, or a transaction. */
export interface Sql {
  query<T extends object>(text: string, values?: readonly unknown[]): Promise<T[]>;
}

/** A pool of connections to one database. */
export interface Postgres extends Sql {
  /** Host, port and database, without user or password: for messages to people. */
  readonly address: string;
  /**
   * Runs `work` in one transaction at READ COMMITTED and commits; rolls back when it rejects. `first` are statements
   * without parameters that go with BEGIN in one round trip, for example taking a lock.
   */
  transaction<T>(work: (sql: Sql) => Promise<T>, first?: string): Promise<T>;
  close(): Promise<void>;
}

/** How a pool connects. */
export interface PostgresOptions {
  readonly url: string;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  /** Most connections at once. */
  readonly max?: number;
  /** The longest one statement may take, in milliseconds; unlimited by default. */
  readonly statementTimeoutMs?: number;
  /** Hears of idle connections that broke; the pool replaces them by itself. */
  readonly onError?: (error: Error) => void;
}

// Times never pass through a JS Date: it would cut the microseconds.
const types = new pg.TypeOverrides();
const { DATE, TIMESTAMP, TIMESTAMPTZ } = pg.types.builtins;
for (const time of [DATE, TIMESTAMP, TIMESTAMPTZ]) types.setTypeParser(time, (value: string) => value);

/** Opens a pool. Nothing is connected before the first query. Sessions speak UTC and ISO dates. */
export function openPostgres(options: PostgresOptions): Postgres {
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: options.applicationName,
    max: options.max ?? 10,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    options: '-c TimeZone=UTC -c DateStyle=ISO',
    types,
    ...(options.statementTimeoutMs === undefined ? {} : { statement_timeout: options.statementTimeoutMs }),
  });
  pool.on('error', (error) => options.onError?.(error));
  const query = async <T extends object>(text: string, values?: readonly unknown[]): Promise<T[]> =>
    (await pool.query<T>(text, values as unknown[] | undefined)).rows;
  return {
    address: addressOf(options.url),
    query,
    transaction: (work, first) => inTransaction(pool, work, first),
    close: () => pool.end(),
  };
}

async function inTransaction<T>(pool: pg.Pool, work: (sql: Sql) => Promise<T>, first = ''): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // A client checked out of the pool has no listener of its own; without one a cut connection ends the process.
  const onError = (error: Error) => (broken = error);
  client.on('error', onError);
  try {
    await client.query(`BEGIN; ${first}`);
    const sql: Sql = {
      query: async (text, values) => (await client.query(text, values as unknown[] | undefined)).rows as never,
    };
    const result = await work(sql);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((fault: unknown) => (broken = fault as Error));
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

function addressOf(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port || '5432'}${pathname}`;
}
