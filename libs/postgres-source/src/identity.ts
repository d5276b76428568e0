import { quoteLiteral } from '@esteira/postgres';
import type { SourceTable } from './table.ts';

/** Columns that say where a row was read. */
export const originColumns = ({ table }: SourceTable): string => `
  current_database() as database,
  (select relnamespace::regnamespace::text from pg_class where oid = ${quoteLiteral(table)}::regclass) as schema,
  (select relname from pg_class where oid = ${quoteLiteral(table)}::regclass) as table`;

/**
 * Columns that say which Postgres answers, as of the statement's own snapshot; cheap enough for every page, so that a
 * connection that was established again to another server is noticed before anything of it is published.
 *
 * The timeline is read from the write-ahead log's position: the control file tells the old one until the checkpoint
 * after a promotion. A standby refuses the question, which is right: a run waits until it is promoted.
 */
export const identityColumns = (table: SourceTable): string => `${originColumns(table)},
  (select system_identifier::text from pg_control_system()) as "systemIdentifier",
  ltrim(substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8), '0') as timeline,
  pg_snapshot_xmax(pg_current_snapshot())::text as "nextTransactionId"`;
