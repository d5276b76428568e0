import { setTimeout as sleep } from 'node:timers/promises';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { tellWaits } from './migration-waits.ts';
import { addressOf, sessionOptions } from './session.ts';
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
    // Others wait for the lock of a migration: that of a client that vanished is free again soon.
    options: sessionOptions(),
  });
  const { promise: cut, reject } = Promise.withResolvers<never>();
  // Without a listener a connection that is cut between two statements ends the process.
  client.on('error', reject);
  cut.catch(() => undefined); // Also where it is cut when nobody waits any longer.
  let stopTelling: (() => void) | undefined;
  try {
    await connected(client, url, connectMs);
    await noticeOurEnd(client);
    if (onWait !== undefined) stopTelling = tellWaits(url, client, migrations.name, onWait, tellEveryMs);
    await Promise.race([cut, upToDate(client, migrations)]);
  } finally {
    stopTelling?.();
    // A server that fell silent does not answer the goodbye.
    await Promise.race([client.end().catch(() => undefined), sleep(GOODBYE_MS, undefined, { ref: false })]);
  }
}

/** The driver's own limit says neither who was silent nor, by a code, that it may pass. */
async function connected(client: pg.Client, url: string, connectMs: number): Promise<void> {
  const { promise: silence, reject } = Promise.withResolvers<never>();
  const silent = new Error(`Postgres at ${addressOf(url)} did not take a connection within ${connectMs} ms`);
  const timer = setTimeout(reject, connectMs, Object.assign(silent, { code: 'ETIMEDOUT' }));
  try {
    await Promise.race([client.connect(), silence]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * A statement may take long, and holds the lock that the next start waits for: it ends within 2 s of its process. Not
 * among the settings to connect with, since a server that can't do it (one that doesn't run on Linux) would refuse.
 */
async function noticeOurEnd(client: pg.Client): Promise<void> {
  await client.query(`select set_config('client_connection_check_interval', '2s', false)`).catch((error: unknown) => {
    if (sqlState(error) === undefined) throw error;
  });
}

async function upToDate(client: pg.Client, migrations: Migrations): Promise<void> {
  await runner({
    dbClient: client,
    dir: migrations.directory,
    migrationsTable: `${migrations.name}_migrations`,
    direction: 'up',
    advisoryLockMode: 'wait',
    log: () => undefined,
  });
}
