import pg from 'pg';
import { answer, PostgresSilent } from './answer.ts';
import { connectError, establish, SessionUnfit, type Session } from './establish.ts';
import { addressOf, type SessionLimits } from './session.ts';

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
  /** The work needs a session of its own, outside of transactions too: a pooler is refused. */
  readonly needsOwnSession?: boolean;
  /** Hears of idle connections that broke; the pool replaces them by itself. */
  readonly onError?: (error: Error) => void;
}

/** How long a statement may stay without an answer where nothing else is said, in milliseconds. */
const QUERY_TIMEOUT_MS = 30_000;

/** How long a transaction may wait for its client where nothing else is said, in milliseconds. */
const IDLE_IN_TRANSACTION_MS = 60_000;

/** The longest a connection may take, and each question until it is what it must be, in milliseconds. */
const CONNECT_MS = 10_000;

// Times never pass through a JS Date: it would cut the microseconds.
const types = new pg.TypeOverrides();
const { DATE, TIMESTAMP, TIMESTAMPTZ } = pg.types.builtins;
for (const time of [DATE, TIMESTAMP, TIMESTAMPTZ]) types.setTypeParser(time, (value: string) => value);

/**
 * Opens a pool. Nothing is connected before the first query. Each session is made what our SQL needs, and checked
 * ({@link establish}); through a pooler each statement is a transaction that sets it.
 */
export function openPostgres(options: PostgresOptions): Postgres {
  const address = addressOf(options.url);
  const timeoutMs = options.queryTimeoutMs ?? QUERY_TIMEOUT_MS;
  const sessions = new WeakMap<pg.ClientBase, Session>();
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: options.applicationName,
    max: options.max ?? 10,
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    // eslint-disable-next-line esteira/core-words -- the driver's own name
    verify: (client, done) => {
      established(client, address, limitsOf(options), options.needsOwnSession ?? false).then((session) => {
        sessions.set(client, session);
        done();
      }, done);
    },
    types,
  });
  pool.on('error', (error) => options.onError?.(error));
  const connect = async () => {
    const client = await pool.connect().catch((error: unknown) => {
      throw connectError(error, address);
    });
    return { client, session: sessions.get(client) ?? DIRECT };
  };
  // Rolling back takes a server no time, whatever the work was.
  const rollbackMs = timeoutMs === 0 ? QUERY_TIMEOUT_MS : timeoutMs;
  const connections: Connections = {
    connect,
    rowsOf: rowsWithin(timeoutMs, address),
    rollBack: (client) => rowsWithin(rollbackMs, address)(client, 'ROLLBACK'),
  };
  return {
    address,
    query: (text, values) => alone(connections, text, values),
    transaction: async (work, first) => inTransaction(connections, await connect(), work, first),
    close: () => pool.end(),
  };
}

function rowsWithin(timeoutMs: number, address: string): Connections['rowsOf'] {
  return async (client, text, values = []) => {
    try {
      return await answer(client, text, values, timeoutMs, () => new PostgresSilent(address, timeoutMs));
    } catch (error) {
      // The driver's own trace ends at its socket; this one leads to whoever asked.
      if (error instanceof Error) Error.captureStackTrace(error);
      throw error;
    }
  };
}

const limitsOf = ({ queryTimeoutMs, idleInTransactionMs }: PostgresOptions): SessionLimits => ({
  statement_timeout: queryTimeoutMs ?? QUERY_TIMEOUT_MS,
  idle_in_transaction_session_timeout: idleInTransactionMs ?? IDLE_IN_TRANSACTION_MS,
});

const DIRECT: Session = { isPooled: false, isStandby: false, begin: 'BEGIN' };

/** The session of a connection that was just made; an error of it has no other listener yet. */
async function established(
  client: pg.PoolClient,
  address: string,
  limits: SessionLimits,
  needsOwnSession: boolean,
): Promise<Session> {
  const onError = () => undefined; // The question that is asked rejects with it.
  client.on('error', onError);
  const silent = () => new PostgresSilent(address, CONNECT_MS);
  try {
    const session = await establish(client, (text) => answer(client, text, [], CONNECT_MS, silent), address, limits);
    if (needsOwnSession && session.isPooled) throw new SessionUnfit(ownSessionNeeded(address));
    return session;
  } finally {
    client.off('error', onError);
  }
}

const ownSessionNeeded = (address: string) =>
  `Postgres at ${address} is reached through a pooler (PgBouncer, or one like it), and this work needs a session of its ` +
  'own: give the address of the server itself.';

interface Connection {
  readonly client: pg.PoolClient;
  readonly session: Session;
}

/** A pool's connections, and how a statement is carried out on one of them. */
interface Connections {
  readonly connect: () => Promise<Connection>;
  readonly rowsOf: <T extends object>(client: pg.PoolClient, text: string, values?: readonly unknown[]) => Promise<T[]>;
  /** Always within a limit: what waits here holds its connection, and whoever waits for the transaction. */
  readonly rollBack: (client: pg.PoolClient) => Promise<unknown>;
}

/** One statement on a connection of its own, which is given up when the statement rejects. */
async function alone<T extends object>(
  connections: Connections,
  text: string,
  values?: readonly unknown[],
): Promise<T[]> {
  const connection = await connections.connect();
  const { client, session } = connection;
  if (session.isPooled) return inTransaction(connections, connection, (sql) => sql.query<T>(text, values));
  let failure: Error | undefined;
  const onError = (error: Error) => (failure = error);
  client.on('error', onError);
  try {
    return await connections.rowsOf<T>(client, text, values);
  } catch (error) {
    failure = error as Error;
    throw error;
  } finally {
    client.off('error', onError);
    client.release(failure);
  }
}

async function inTransaction<T>(
  { rowsOf, rollBack }: Connections,
  { client, session }: Connection,
  work: (sql: Sql) => Promise<T>,
  first = '',
): Promise<T> {
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
    await query(`${session.begin}; ${first}`);
    const result = await work({ query });
    await query('COMMIT');
    return result;
  } catch (error) {
    // On a connection that is silent, ROLLBACK would wait as long again; ending the connection rolls back too.
    if (broken === undefined) await rollBack(client).catch((fault: unknown) => (broken = fault as Error));
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}
