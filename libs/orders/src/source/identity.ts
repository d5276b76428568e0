/** The table that is read where nothing else is said. */
export const ORDERS_TABLE = 'orders';

const TABLE_NAME = /^[a-z_][a-z0-9_]{0,62}([.][a-z_][a-z0-9_]{0,62})?$/;

/**
 * A table name that may stand in a statement, with its schema or without.
 *
 * @throws RangeError for anything that would need quotes.
 */
export function checkedTable(table: string): string {
  if (!TABLE_NAME.test(table)) throw new RangeError(`"${table}" is not a table name in lower case, such as "orders"`);
  return table;
}

/**
 * Columns that say which Postgres answers, as of the statement's own snapshot; cheap enough for every page, so that a
 * connection that was established again to another server is noticed before anything of it is published.
 *
 * The timeline is read from the write-ahead log's position: the control file tells the old one until the checkpoint
 * after a promotion. A standby refuses the question, which is right: a run waits until it is promoted.
 */
export const identityColumns = (table: string): string => `
  current_database() as database,
  (select relnamespace::regnamespace::text from pg_class where oid = '${table}'::regclass) as schema,
  (select relname from pg_class where oid = '${table}'::regclass) as table,
  (select system_identifier::text from pg_control_system()) as "systemIdentifier",
  ltrim(substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8), '0') as timeline,
  pg_snapshot_xmax(pg_current_snapshot())::text as "nextTransactionId"`;
