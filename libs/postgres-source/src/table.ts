import { quoteIdentifier } from '@esteira/postgres';

/** A table whose rows are sent. Every text is SQL, names quoted. */
export interface SourceTable {
  readonly table: string;
  /** Columns, qualified: an alias may have the same name. The index is on these two. */
  readonly id: string;
  readonly transactionId: string;
  /** What belongs to the user is never migrated, filled or emptied. */
  readonly isOwn: boolean;
}

/** A column, as the catalogue has it. */
export interface ColumnFact {
  /** As `format_type` writes it, for example `timestamp with time zone`. */
  readonly type: string;
  /** The type that a domain is over, whatever lies between; otherwise `type`. */
  readonly baseType: string;
  readonly generated: boolean;
  readonly notNull: boolean;
  /** Whether the asking role may read it. */
  readonly readable: boolean;
}

/** A column that rows are read with. */
export interface ReadColumn {
  readonly name: string;
  /** What is wrong with the column that is there, to be said after its name and type; undefined where it fits. Pure. */
  readonly unfit?: (column: ColumnFact) => string | undefined;
}

/** A table of the user, by its names as Postgres stores them. */
export interface OwnTable {
  /** Absent: whatever schema the search path finds it in. */
  readonly schema?: string;
  readonly name: string;
  /** A whole number, unique. */
  readonly id: string;
  /** Where the inserting transaction is stamped. */
  readonly transactionId: string;
  /** What is read of a row beside these two. */
  readonly columns: readonly ReadColumn[];
}

/** The names of all columns that a table of the user is read with. */
export function columnsOf({ id, transactionId, columns }: OwnTable): string[] {
  return [...new Set([id, ...columns.map(({ name }) => name), transactionId])];
}

/** A table's name as SQL. */
export function quotedTable({ schema, name }: { readonly schema?: string | undefined; readonly name: string }): string {
  return schema === undefined ? quoteIdentifier(name) : `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}
