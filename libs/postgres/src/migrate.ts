import { runner } from 'node-pg-migrate';
import pg from 'pg';

/** A family of migrations: a folder of numbered `.sql` files, and the table that remembers which have run. */
export interface Migrations {
  /** For example `orders_endput`; the table is `<name>_migrations`. */
  readonly name: string;
  /** Absolute path of the folder. */
  readonly directory: string;
}

/** Brings a database up to date. Idempotent; processes that start at once wait for each other. */
export async function migrate(url: string, migrations: Migrations): Promise<void> {
  const client = new pg.Client({ connectionString: url, application_name: `esteira migrate ${migrations.name}` });
  await client.connect();
  try {
    await runner({
      dbClient: client,
      dir: migrations.directory,
      migrationsTable: `${migrations.name}_migrations`,
      direction: 'up',
      advisoryLockMode: 'wait',
      log: () => undefined,
    });
  } finally {
    await client.end();
  }
}
