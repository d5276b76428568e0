import { quoteIdentifier, sqlState, type Sql } from '@esteira/postgres';
import { columnsOf, quotedTable, type OwnTable } from '../table.ts';
import { NEGATIVE, SourceNotReady } from './check.ts';
import { hasNegativeIds, hasUnstamped, tableFacts, type TableFacts } from './facts.ts';
import { preparePlan, type PrepareStep, type ReaderFacts } from './plan.ts';
import { unpreparable, unsuitable } from './requirements.ts';

/** What is to be prepared, for whom. */
export interface PrepareOptions {
  readonly system: string;
  readonly names: OwnTable;
  /** The role that the API connects as. */
  readonly role: string;
}

/** A plan, and what else to know before it is carried out. */
export interface Preparation {
  readonly steps: PrepareStep[];
  readonly facts: TableFacts;
  /** What has to be done first at subscribers of logical replication, a sentence for each publication. */
  readonly subscribers: readonly string[];
}

const UNDEFINED_COLUMN = '42703';

/** The plan for a table as it is now. @throws SourceNotReady for what no plan mends, before anything is changed. */
export async function planPreparation(sql: Sql, { system, names, role }: PrepareOptions): Promise<Preparation> {
  const facts = await tableFacts(sql, names);
  const wrong = unsuitable(facts, names);
  if (facts === undefined) throw new SourceNotReady(system, quotedTable(names), wrong);
  const reader = await readerOf(sql, facts, names, role);
  if (wrong.length === 0) wrong.push(...unpreparable(facts, names), ...unreadableBy(reader));
  // Its rows are looked at only where nothing stands in the way of that.
  if (wrong.length === 0 && (await hasNegativeIds(sql, names))) wrong.push(NEGATIVE);
  if (wrong.length > 0) throw new SourceNotReady(system, quotedTable(names), wrong);
  const stamp = facts.columns.get(names.transactionId);
  const unstamped = stamp === undefined || (!stamp.notNull && (await hasUnstamped(sql, names)));
  return { steps: preparePlan(facts, names, unstamped, reader), facts, subscribers: subscribersOf(facts, names) };
}

function unreadableBy({ role, exists, hidesRows }: ReaderFacts): string[] {
  if (!exists) return [`there is no role ${role}, which the API is to connect as: create it first`];
  if (!hidesRows) return [];
  return [
    `row-level security hides rows from ${role}, as which the API connects: ALTER ROLE ${quoteIdentifier(role)} BYPASSRLS lets it see all`,
  ];
}

/** A subscriber stops at the first row that has a column which it hasn't, and its slot keeps the log of this server. */
function subscribersOf({ publications, columns, schema, name }: TableFacts, names: OwnTable): string[] {
  const column = names.transactionId;
  if (columns.has(column)) return [];
  const statement = `alter table ${quotedTable({ schema, name })} add column if not exists ${quoteIdentifier(column)} xid8`;
  return publications.map(
    (each) =>
      `publication ${each.name} (${each.covers}) will send the new column, and a subscriber without it stops while its slot ` +
      `keeps the log of this server. First, in the database of each subscriber: ${statement}`,
  );
}

async function readerOf(sql: Sql, facts: TableFacts, names: OwnTable, role: string): Promise<ReaderFacts> {
  const [row] = await sql.query<{ hidesRows: boolean }>(
    `select c.relrowsecurity and not (r.rolsuper or r.rolbypassrls)
        and (c.relforcerowsecurity or not pg_has_role(r.oid, c.relowner, 'usage')) as "hidesRows"
       from pg_roles as r, pg_namespace as n join pg_class as c on c.relnamespace = n.oid
      where r.rolname = $1 and n.nspname = $2 and c.relname = $3`,
    [role, facts.schema, facts.name],
  );
  const canRead = row !== undefined && (await mayRead(sql, facts, names, role));
  return { role, canRead, exists: row !== undefined, hidesRows: row?.hidesRows ?? false };
}

async function mayRead(sql: Sql, facts: TableFacts, names: OwnTable, role: string): Promise<boolean> {
  try {
    const [row] = await sql.query<{ can: boolean }>(
      `select has_schema_privilege(r.oid, n.oid, 'usage')
          and (select bool_and(has_column_privilege(r.oid, c.oid, name, 'select')) from unnest($4::text[]) as name) as can
         from pg_roles as r, pg_namespace as n join pg_class as c on c.relnamespace = n.oid
        where r.rolname = $1 and n.nspname = $2 and c.relname = $3`,
      [role, facts.schema, facts.name, columnsOf(names)],
    );
    return row?.can === true;
  } catch (error) {
    if (sqlState(error) === UNDEFINED_COLUMN) return false; // the stamp's column is still to come
    throw error;
  }
}
