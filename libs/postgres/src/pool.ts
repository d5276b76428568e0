import pg from 'pg';
import { addressOf, sessionOptions } from './session.ts';

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
  /**
   * The longest a statement may stay without an answer, in milliseconds; 30,000 by default, 0 for work that takes as
   * long as it takes. A network that was cut without a word is noticed by it: the statement rejects with a
   * PostgresSilent and its connection is given up. The server may still have done what it was asked.
   *
   * The server has the same limit (`statement_timeout`, waiting for locks included) and ends what nobody waits for any
   * more: otherwise each try to get past somebody's lock would leave one more connection behind, until none is left.
   * So `lock_timeout` and `client_connection_check_interval` have nothing left to do here.
   */
  readonly queryTimeoutMs?: number;
  /**
   * The longest a transaction may wait for its client, in milliseconds; 60,000 by default. The server ends it then: what
   * a client that vanished holds is free again. Work that pauses for longer sets it for itself, in `first`.
   */
  readonly idleInTransactionMs?: number;
  /** Hears of idle connections that broke; the pool replaces them by itself. */
  readonly onError?: (error: Error) => void;
}

/** How long a statement may stay without an answer where nothing else is said, in milliseconds. */
const QUERY_TIMEOUT_MS = 30_000;

/** How long a transaction may wait for its client where nothing else is said, in milliseconds. */
const IDLE_IN_TRANSACTION_MS = 60_000;

/** The server did not answer a statement in time. Whether it was carried out is not known; the connection is given up. */
export class PostgresSilent extends Error {
  /** As a socket would say it, so that it counts as a server that is away. */
  readonly code = 'ETIMEDOUT';

  constructor(address: string, timeoutMs: number, cause?: unknown) {
    super(`Postgres at ${address} did not answer a statement within ${timeoutMs} ms`, { cause });
    this.name = 'PostgresSilent';
  }
}

// Times never pass through a JS Date: it would cut the microseconds.
const types = new pg.TypeOverrides();
const { DATE, TIMESTAMP, TIMESTAMPTZ } = pg.types.builtins;
for (const time of [DATE, TIMESTAMP, TIMESTAMPTZ]) types.setTypeParser(time, (value: string) => value);

/** Opens a pool. Nothing is connected before the first query. Sessions speak UTC and ISO dates. */
export function openPostgres(options: PostgresOptions): Postgres {
  const address = addressOf(options.url);
  const timeoutMs = options.queryTimeoutMs ?? QUERY_TIMEOUT_MS;
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: options.applicationName,
    max: options.max ?? 10,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    options: sessionOptions({
      TimeZone: 'UTC',
      DateStyle: 'ISO',
      idle_in_transaction_session_timeout: options.idleInTransactionMs ?? IDLE_IN_TRANSACTION_MS,
      statement_timeout: timeoutMs,
    }),
    types,
  });
  pool.on('error', (error) => options.onError?.(error));
  const rowsOf: RowsOf = async (client, text, values = []) => {
    try {
      return await answer(client, text, values, timeoutMs, () => new PostgresSilent(address, timeoutMs));
    } catch (error) {
      // The driver's own trace ends at its socket; this one leads to whoever asked.
      if (error instanceof Error) Error.captureStackTrace(error);
      throw error;
    }
  };
  return {
    address,
    query: (text, values) => alone(pool, rowsOf, text, values),
    transaction: (work, first) => inTransaction(pool, rowsOf, work, first),
    close: () => pool.end(),
  };
}

type RowsOf = <T extends object>(client: pg.PoolClient, text: string, values?: readonly unknown[]) => Promise<T[]>;

/**
 * The rows of one statement, or the error of `silent` after `timeoutMs` without an answer (0: never).
 *
 * The driver's promise and its `query_timeout` are left aside: both write a function literal into a property of the
 * query, which V8 keeps for methods and puts among old objects at once. Each of them held a whole page, or the values
 * of a whole batch, until the next full collection: young collections took five times as long.
 */
function answer<T extends object>(
  client: pg.PoolClient,
  text: string,
  values: readonly unknown[],
  timeoutMs: number,
  silent: () => PostgresSilent,
): Promise<T[]> {
  const { promise, resolve, reject } = Promise.withResolvers<T[]>();
  const onSilence = () => {
    reject(silent());
  };
  const timer = timeoutMs === 0 ? undefined : setTimeout(onSilence, timeoutMs);
  client.query(text, [...values], (error: Error | null, result: pg.QueryResult<T>) => {
    clearTimeout(timer);
    if (error === null) resolve(result.rows);
    else reject(error);
  });
  return promise;
}

/** One statement on a connection of its own, which is given up when the statement rejects. */
async function alone<T extends object>(
  pool: pg.Pool,
  rowsOf: RowsOf,
  text: string,
  values?: readonly unknown[],
): Promise<T[]> {
  const client = await pool.connect();
  let failure: Error | undefined;
  const onError = (error: Error) => (failure = error);
  client.on('error', onError);
  try {
    return await rowsOf<T>(client, text, values);
  } catch (error) {
    failure = error as Error;
    throw error;
  } finally {
    client.off('error', onError);
    client.release(failure);
  }
}

async function inTransaction<T>(pool: pg.Pool, rowsOf: RowsOf, work: (sql: Sql) => Promise<T>, first = ''): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // A client checked out of the pool has no listener of its own; without one a cut connection ends the process.
  const onError = (error: Error) => (broken = error);
  client.on('error', onError);
  const query: Sql['query'] = async (text, values) => {
    try {
      return await rowsOf(client, text, values);
    } catch (error) {
      if (error instanceof PostgresSilent) broken = error;
      throw error;
    }
  };
  try {
    await query(`BEGIN; ${first}`);
    const result = await work({ query });
    await query('COMMIT');
    return result;
  } catch (error) {
    // On a connection that is silent, ROLLBACK would wait as long again; ending the connection rolls back too.
    if (broken === undefined) await client.query('ROLLBACK').catch((fault: unknown) => (broken = fault as Error));
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}
