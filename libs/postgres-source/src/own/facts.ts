import { quoteIdentifier, type Sql } from '@esteira/postgres';
import { quotedTable, type ColumnFact, type OwnTable } from '../table.ts';

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
  /** Of a partition: the table that it is a part of. */
  readonly partitionOf: string | null;
  /** Of a typed table: its type. */
  readonly ofType: string | null;
  readonly unlogged: boolean;
  /** The server only follows another one: nothing can be written. */
  readonly standby: boolean;
  /** The asking role. */
  readonly role: string;
  /** The asking role may change the table, and make a function beside it. */
  readonly mayChange: boolean;
  /** Row-level security hides rows from the asking role. */
  readonly hidesRows: boolean;
  /** It hides them from the table's owner too. */
  readonly forcesRowSecurity: boolean;
  readonly policies: readonly string[];
  /** Publications of logical replication that a new column of the table is a part of, and how each covers the table. */
  readonly publications: readonly { readonly name: string; readonly covers: string }[];
  /** An update of a row is published, and nothing tells a subscriber which row: Postgres refuses the update. */
  readonly lacksReplicaIdentity: boolean;
  readonly canUseSchema: boolean;
  readonly columns: ReadonlyMap<string, ColumnFact>;
  /** Whether the id alone is unique, by an index that covers every row; or why its index does not make it so. */
  readonly uniqueId: 'unique' | 'deferrable' | 'invalid' | 'partial' | 'none';
  /** A function of the name that ours would have, that is something else. */
  readonly functionTaken: boolean;
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

/** The first whose catalogue knows of column lists and of publications of a schema. An older one is refused. */
const PUBLICATIONS_VERSION = 150_000;

/** A column list leaves out what is not on it: a new column too. */
const PUBLICATIONS = `
  select (select coalesce(json_agg(json_build_object('name', p.pubname, 'covers',
        case when p.puballtables then 'FOR ALL TABLES' when n.oid is not null then 'FOR TABLES IN SCHEMA' else 'FOR TABLE' end)
        order by p.pubname), '[]')
      from pg_publication as p
      left join pg_publication_rel as r on r.prpubid = p.oid and r.prrelid = found.oid and r.prattrs is null
      left join pg_publication_namespace as n on n.pnpubid = p.oid and n.pnnspid = found.relnamespace
      where p.puballtables or r.oid is not null or n.oid is not null) as publications,
    exists (select from pg_publication as p
      left join pg_publication_rel as r on r.prpubid = p.oid and r.prrelid = found.oid
      left join pg_publication_namespace as n on n.pnpubid = p.oid and n.pnnspid = found.relnamespace
      where p.pubupdate and (p.puballtables or r.oid is not null or n.oid is not null))
    and not case found.relreplident when 'f' then true when 'n' then false
      when 'd' then exists (select from pg_index where indrelid = found.oid and indisprimary)
      else exists (select from pg_index where indrelid = found.oid and indisreplident) end as "lacksReplicaIdentity"
  from pg_class as found join pg_namespace as ns on ns.oid = found.relnamespace
  where ns.nspname = $1 and found.relname = $2`;

const FACTS = `
  with found as (
    select c.*, n.nspname
    from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
    where c.relname = $2 and c.relkind in ('r', 'p', 'v', 'm', 'f')
      and case when $1::text is null then pg_table_is_visible(c.oid) else n.nspname = $1 end
  )
  select current_setting('server_version_num')::int as "serverVersion", nspname as schema, relname as name, relkind::text as kind,
    exists (select from pg_inherits where inhparent = found.oid) as "hasChildren",
    case when relispartition then (select inhparent::regclass::text from pg_inherits where inhrelid = found.oid) end as "partitionOf",
    case when reloftype <> 0 then reloftype::regtype::text end as "ofType",
    relpersistence = 'u' as unlogged, pg_is_in_recovery() as standby, current_user::text as role,
    pg_has_role(relowner, 'usage') and has_schema_privilege(relnamespace, 'create') as "mayChange",
    row_security_active(found.oid) as "hidesRows", relforcerowsecurity as "forcesRowSecurity",
    (select coalesce(json_agg(polname order by polname), '[]') from pg_policy where polrelid = found.oid) as policies,
    has_schema_privilege(relnamespace, 'usage') as "canUseSchema",
    (select coalesce(json_object_agg(attname, json_build_object('type', format_type(atttypid, null), 'generated', attgenerated <> '',
        'baseType', (with recursive base (oid, next) as (
            select t.oid, t.typbasetype from pg_type as t where t.oid = atttypid
            union all select t.oid, t.typbasetype from base join pg_type as t on t.oid = base.next)
          select format_type(base.oid, null) from base where next = 0),
        'notNull', attnotnull, 'readable', has_column_privilege(found.oid, attnum, 'select'))), '{}')
      from pg_attribute where attrelid = found.oid and attnum > 0 and not attisdropped) as columns,
    coalesce((
      select case min(case when i.indpred is not null then 4 when not i.indisvalid then 3 when not i.indimmediate then 2 else 1 end)
          when 1 then 'unique' when 2 then 'deferrable' when 3 then 'invalid' else 'partial' end
      from pg_index as i join pg_attribute as a on a.attrelid = found.oid and a.attnum = i.indkey[0]
      where i.indrelid = found.oid and i.indisunique and i.indnkeyatts = 1 and i.indexprs is null and a.attname = $3
      having count(*) > 0), 'none') as "uniqueId",
    exists (
      select from pg_proc as p where p.pronamespace = relnamespace and p.proname = $8 and p.pronargs = 0 and p.prosrc <> $5
        and not exists (select from pg_trigger where tgrelid = found.oid and tgname = $6 and tgfoid = p.oid)) as "functionTaken",
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

type Published = Pick<TableFacts, 'publications' | 'lacksReplicaIdentity'>;

type FactsRow = Omit<TableFacts, 'columns' | 'trigger' | 'index' | keyof Published> & {
  readonly columns: Record<string, ColumnFact>;
  readonly trigger: 'right' | 'different' | null;
  readonly index: 'usable' | 'unusable' | null;
};

/** Asks the catalogue for a table; undefined when there is none of this name. Needs no right to it. */
export async function tableFacts(
  sql: Sql,
  { schema, name, id, transactionId }: OwnTable,
): Promise<TableFacts | undefined> {
  const [row] = await sql.query<FactsRow>(FACTS, [
    schema ?? null,
    name,
    id,
    transactionId,
    stampBody(transactionId),
    TRIGGER,
    indexName(name),
    functionName(name),
  ]);
  if (row === undefined) return undefined;
  return {
    ...row,
    ...(await publishedBy(sql, row)),
    columns: new Map(Object.entries(row.columns)),
    trigger: row.trigger ?? 'absent',
    index: row.index ?? 'absent',
  };
}

async function publishedBy(sql: Sql, { serverVersion, schema, name }: FactsRow): Promise<Published> {
  const isKnown = serverVersion >= PUBLICATIONS_VERSION;
  const [published] = isKnown ? await sql.query<Published>(PUBLICATIONS, [schema, name]) : [];
  return published ?? { publications: [], lacksReplicaIdentity: false };
}

/** Whether any row has no stamp. Reads the whole table at worst. */
export async function hasUnstamped(sql: Sql, names: OwnTable): Promise<boolean> {
  const [row] = await sql.query<{ any: boolean }>(
    `select exists (select from ${quotedTable(names)} where ${quoteIdentifier(names.transactionId)} is null) as any`,
  );
  return row?.any === true;
}

/** Whether any row has an id below 0, which no message id can hold. By the index on the id. */
export async function hasNegativeIds(sql: Sql, names: OwnTable): Promise<boolean> {
  const [row] = await sql.query<{ any: boolean }>(
    `select exists (select from ${quotedTable(names)} where ${quoteIdentifier(names.id)} < 0) as any`,
  );
  return row?.any === true;
}

/** Whether any row has a stamp that this cluster has not given yet: they came from another, in a dump. By the index. */
export async function hasForeignStamps(sql: Sql, names: OwnTable): Promise<boolean> {
  const [row] = await sql.query<{ any: boolean }>(
    `select exists (select from ${quotedTable(names)}
      where ${quoteIdentifier(names.transactionId)} >= pg_snapshot_xmax(pg_current_snapshot())) as any`,
  );
  return row?.any === true;
}
