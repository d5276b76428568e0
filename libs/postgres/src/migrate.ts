import { setTimeout as sleep } from 'node:timers/promises';
import { PG_MIGRATE_LOCK_ID, runner } from 'node-pg-migrate';
import pg from 'pg';
import { StandbyServer } from './away.ts';
import { connectError, establish, type Session } from './establish.ts';
import { tellWaits } from './migration-waits.ts';
import { addressOf } from './session.ts';
import { sqlState } from './sql-state.ts';

/** A family of migrations: a folder of numbered `.sql` files, and the table that remembers which have run. */
export interface Migrations {
  /** For example `orders_endput`; the table is `<name>_migrations`. */
  readonly name: string;
  /** Absolute path of the folder. */
  readonly directory: string;
}

/** The longest a connection may take, in milliseconds. A server that takes it and says nothing counts as away. */
const CONNECT_MS = 10_000;

/** The longest a server may take to end a connection, in milliseconds. */
const GOODBYE_MS = 2_000;

/** How soon a connection on which nothing moves is asked whether it is still there, in milliseconds. */
const KEEPALIVE_MS = 30_000;

/** How a migration is carried out. */
export interface MigrateOptions {
  readonly connectMs?: number;
  /** Hears, again and again, what a migration that takes its time waits for: a line for people. */
  readonly onWait?: (line: string) => void;
  /** How often, in milliseconds. */
  readonly tellEveryMs?: number;
}

/** How soon people hear that a migration takes its time, and how often, in milliseconds. */
const TELL_EVERY_MS = 5_000;

/**
 * Brings a database up to date. Idempotent; processes that start at once wait for each other. Rejects when the server
 * can't be reached, or the connection is cut; what was not committed then is done by the next one.
 */
export async function migrate(url: string, migrations: Migrations, options: MigrateOptions = {}): Promise<void> {
  const { connectMs = CONNECT_MS, onWait, tellEveryMs = TELL_EVERY_MS } = options;
  const client = new pg.Client({
    connectionString: url,
    application_name: `esteira migrate ${migrations.name}`,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_MS,
  });
  const { promise: cut, reject } = Promise.withResolvers<never>();
  // Without a listener a connection that is cut between two statements ends the process.
  client.on('error', reject);
  cut.catch(() => undefined); // Also where it is cut when nobody waits any longer.
  let stopTelling: (() => void) | undefined;
  try {
    const { begin, isStandby } = await connected(client, url, connectMs);
    if (isStandby) throw new StandbyServer(addressOf(url));
    const [server] = await asked<{ pid: number }>(client, `${begin}; select pg_backend_pid() as pid`);
    await noticeOurEnd(client);
    if (onWait !== undefined) stopTelling = tellWaits(url, server?.pid ?? 0, migrations.name, onWait, tellEveryMs);
    await Promise.race([cut, upToDate(client, migrations)]);
  } finally {
    stopTelling?.();
    // A server that fell silent does not answer the goodbye.
    await Promise.race([client.end().catch(() => undefined), sleep(GOODBYE_MS, undefined, { ref: false })]);
  }
}

/** The driver's own limit says neither who was silent nor, by a code, that it may pass. */
async function connected(client: pg.Client, url: string, connectMs: number): Promise<Session> {
  const { promise: silence, reject } = Promise.withResolvers<never>();
  const address = addressOf(url);
  const silent = new Error(`Postgres at ${address} did not take a connection within ${connectMs} ms`);
  const timer = setTimeout(reject, connectMs, Object.assign(silent, { code: 'ETIMEDOUT' }));
  const connecting = async () => {
    await client.connect();
    return establish(client, (text) => asked(client, text), address, UNLIMITED);
  };
  try {
    return await Promise.race([connecting(), silence]);
  } catch (error) {
    throw connectError(error, address);
  } finally {
    clearTimeout(timer);
  }
}

/** A statement takes as long as it takes. What a client that vanished holds is free again within a minute. */
const UNLIMITED = { statement_timeout: 0, idle_in_transaction_session_timeout: 60_000 };

async function asked<T extends object>(client: pg.Client, text: string): Promise<T[]> {
  const result = (await client.query<T>(text)) as pg.QueryResult<T> | pg.QueryResult<T>[];
  return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? [];
}

/**
 * A statement may take long, and holds the lock that the next start waits for: it ends within 2 s of its process. Not
 * among the settings that must be, since a server that can't do it (one that doesn't run on Linux) would refuse.
 */
async function noticeOurEnd(client: pg.Client): Promise<void> {
  await client.query('savepoint noticing');
  await client.query(`set local client_connection_check_interval = '2s'`).catch((error: unknown) => {
    if (sqlState(error) === undefined) throw error;
    return client.query('rollback to noticing');
  });
}

/**
 * All that is missing, in the one transaction that is open already. So a pooler can't give a part of it, or the lock, to
 * another session: a lock of a session would be left behind with whoever has that session next.
 */
async function upToDate(client: pg.Client, migrations: Migrations): Promise<void> {
  await client.query(`select pg_advisory_xact_lock(${PG_MIGRATE_LOCK_ID})`);
  await runner({
    dbClient: client,
    dir: migrations.directory,
    migrationsTable: `${migrations.name}_migrations`,
    direction: 'up',
    noLock: true,
    singleTransaction: true,
    log: () => undefined,
  });
  // The runner commits what it has done; what it only looked at is over here.
  await client.query('commit');
}
