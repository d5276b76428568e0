import { quoteIdentifier, type Sql } from '@esteira/postgres';
import type { OwnTable } from '@esteira/config';
import { quotedTable } from '../table.ts';

/** A column, as the catalogue has it. */
export interface ColumnFact {
  /** As `format_type` writes it, for example `timestamp with time zone`. */
  readonly type: string;
  readonly notNull: boolean;
  /** Whether the asking role may read it. */
  readonly readable: boolean;
}

/** What the catalogue says of a table of the user. */
export interface TableFacts {
  /** As `server_version_num` says it, for example 150004. */
  readonly serverVersion: number;
  /** Where it was found. */
  readonly schema: string;
  readonly name: string;
  /** `r` is an ordinary table, `p` a partitioned one, `v` a view. */
  readonly kind: string;
  readonly hasChildren: boolean;
  /** Row-level security hides rows from the asking role. */
  readonly hidesRows: boolean;
  readonly canUseSchema: boolean;
  readonly columns: ReadonlyMap<string, ColumnFact>;
  /** Whether the id alone is unique, by an index that covers every row. */
  readonly uniqueId: boolean;
  /** The stamping trigger: absent, as it must be, or there but different (not ENABLE ALWAYS, another function). */
  readonly trigger: 'absent' | 'right' | 'different';
  /** An index on (stamp, id): absent, usable, or left behind unusable by an attempt that failed. */
  readonly index: 'absent' | 'usable' | 'unusable';
  /** Other triggers that fire when a row is updated. */
  readonly updateTriggers: readonly string[];
}

/** The trigger's name: of several BEFORE triggers the last by name has the last word. */
export const TRIGGER = 'zz_esteira_stamp';
/** The name of the index that is built where none is usable. */
export const indexName = (table: string): string => shortened(`${table}_esteira_position`);
/** The name of the trigger's function. */
export const functionName = (table: string): string => shortened(`${table}_esteira_stamp`);

const MAX_NAME_BYTES = 63;

/** Postgres cuts names at 63 bytes; the end, which says what it is, is kept. */
function shortened(name: string): string {
  const bytes = Buffer.from(name);
  if (bytes.length <= MAX_NAME_BYTES) return name;
  // Half a character at the cut is dropped.
  return bytes
    .subarray(bytes.length - MAX_NAME_BYTES)
    .toString()
    .replace(/^�+/u, '');
}

/** What the trigger does, given the stamp's column. Rows from before the trigger are stamped by any update of it. */
export function stampBody(transactionId: string): string {
  const column = quoteIdentifier(transactionId);
  return `
begin
  if tg_op = 'UPDATE' and old.${column} is not null then
    new.${column} := old.${column};
  else
    new.${column} := pg_current_xact_id();
  end if;
  return new;
end
`;
}

const FACTS = `
  with found as (
    select c.oid, c.relname, c.relkind, c.relnamespace, n.nspname
    from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
    where c.relname = $2 and c.relkind in ('r', 'p', 'v', 'm', 'f')
      and case when $1::text is null then pg_table_is_visible(c.oid) else n.nspname = $1 end
  )
  select current_setting('server_version_num')::int as "serverVersion", nspname as schema, relname as name, relkind::text as kind,
    exists (select from pg_inherits where inhparent = found.oid) as "hasChildren",
    row_security_active(found.oid) as "hidesRows",
    has_schema_privilege(relnamespace, 'usage') as "canUseSchema",
    (select coalesce(json_object_agg(attname, json_build_object('type', format_type(atttypid, null),
        'notNull', attnotnull, 'readable', has_column_privilege(found.oid, attnum, 'select'))), '{}')
      from pg_attribute where attrelid = found.oid and attnum > 0 and not attisdropped) as columns,
    exists (
      select from pg_index as i join pg_attribute as a on a.attrelid = found.oid and a.attnum = i.indkey[0]
      where i.indrelid = found.oid and i.indisunique and i.indisvalid and i.indimmediate and i.indnkeyatts = 1
        and i.indpred is null and i.indexprs is null and a.attname = $3) as "uniqueId",
    (select case when t.tgenabled = 'A' and t.tgtype & 7 = 7 and t.tgqual is null and p.prosrc = $5 then 'right'
        else 'different' end
      from pg_trigger as t join pg_proc as p on p.oid = t.tgfoid
      where t.tgrelid = found.oid and t.tgname = $6) as trigger,
    (select max(case when i.indisvalid and i.indisready then 'usable' else 'unusable' end)
      from pg_index as i
      join pg_class as ic on ic.oid = i.indexrelid
      join pg_am as am on am.oid = ic.relam and am.amname = 'btree'
      join pg_attribute as first on first.attrelid = found.oid and first.attnum = i.indkey[0]
      join pg_attribute as second on second.attrelid = found.oid and second.attnum = i.indkey[1]
      where i.indrelid = found.oid and i.indpred is null and i.indnkeyatts >= 2
        and i.indoption[0] = 0 and i.indoption[1] = 0
        and (first.attname = $4 and second.attname = $3)
        and (i.indisvalid or ic.relname = $7)) as index,
    (select coalesce(json_agg(tgname order by tgname), '[]') from pg_trigger
      where tgrelid = found.oid and not tgisinternal and tgenabled <> 'D' and tgtype & 16 = 16 and tgname <> $6
    ) as "updateTriggers"
  from found`;

type FactsRow = Omit<TableFacts, 'columns' | 'trigger' | 'index'> & {
  readonly columns: Record<string, ColumnFact>;
  readonly trigger: 'right' | 'different' | null;
  readonly index: 'usable' | 'unusable' | null;
};

/** Asks the catalogue for a table; undefined when there is none of this name. Needs no right to it. */
export async function tableFacts(sql: Sql, { schema, name, columns }: OwnTable): Promise<TableFacts | undefined> {
  const { id, transactionId } = columns;
  const [row] = await sql.query<FactsRow>(FACTS, [
    schema ?? null,
    name,
    id,
    transactionId,
    stampBody(transactionId),
    TRIGGER,
    indexName(name),
  ]);
  if (row === undefined) return undefined;
  return {
    ...row,
    columns: new Map(Object.entries(row.columns)),
    trigger: row.trigger ?? 'absent',
    index: row.index ?? 'absent',
  };
}

/** Whether any row has no stamp. Reads the whole table at worst. */
export async function hasUnstamped(sql: Sql, names: OwnTable): Promise<boolean> {
  const [row] = await sql.query<{ any: boolean }>(
    `select exists (select from ${quotedTable(names)} where ${quoteIdentifier(names.columns.transactionId)} is null) as any`,
  );
  return row?.any === true;
}

/** Whether any row has an id below 0, which no message id can hold. By the index on the id. */
export async function hasNegativeIds(sql: Sql, names: OwnTable): Promise<boolean> {
  const [row] = await sql.query<{ any: boolean }>(
    `select exists (select from ${quotedTable(names)} where ${quoteIdentifier(names.columns.id)} < 0) as any`,
  );
  return row?.any === true;
}

/** Whether any row has a stamp that this cluster has not given yet: they came from another, in a dump. By the index. */
export async function hasForeignStamps(sql: Sql, names: OwnTable): Promise<boolean> {
  const [row] = await sql.query<{ any: boolean }>(
    `select exists (select from ${quotedTable(names)}
      where ${quoteIdentifier(names.columns.transactionId)} >= pg_snapshot_xmax(pg_current_snapshot())) as any`,
  );
  return row?.any === true;
}
