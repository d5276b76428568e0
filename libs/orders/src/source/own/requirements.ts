import type { OwnColumns, OwnTable } from '@esteira/config';
import type { TableFacts } from './facts.ts';

const IDS = ['smallint', 'integer', 'bigint'];
const TIMES = ['timestamp with time zone', 'timestamp without time zone', 'date'];
/** The first whose `max()` takes an xid8. */
const LEAST_VERSION = 150_000;
const KINDS: Readonly<Record<string, string>> = {
  p: 'a partitioned table',
  v: 'a view',
  m: 'a materialized view',
  f: 'a foreign table',
};

/** What no preparation can add: a sentence for each, of the table and its columns. Pure. */
export function unsuitable(facts: TableFacts | undefined, { columns: names }: OwnTable): string[] {
  if (facts === undefined) return ['there is no such table in this database'];
  const { kind, columns } = facts;
  if (kind !== 'r') return [`it is ${KINDS[kind] ?? 'no table'}; only an ordinary table can be read`];
  const problems: string[] = [];
  if (facts.serverVersion < LEAST_VERSION) {
    problems.push(
      `its server is PostgreSQL ${Math.floor(facts.serverVersion / 10_000)}; 15 or later is needed, since max(xid8) is new in it`,
    );
  }
  if (facts.hasChildren) problems.push('tables inherit from it: their rows would not be stamped');
  const id = columns.get(names.id);
  if (id !== undefined && !IDS.includes(id.type))
    problems.push(`${names.id} is ${id.type}; an id is a bigint, an integer or a smallint`);
  else if (id !== undefined && !(id.notNull && facts.uniqueId))
    problems.push(`${names.id} is not unique and not null by itself`);
  const price = columns.get(names.price);
  if (price?.type === 'money') problems.push(`${names.price} is money, whose text depends on the locale; use numeric`);
  const createdAt = columns.get(names.createdAt);
  if (createdAt !== undefined && !TIMES.includes(createdAt.type)) {
    problems.push(`${names.createdAt} is ${createdAt.type}; it must be a time: ${TIMES.join(', ')}`);
  }
  const stamp = columns.get(names.transactionId);
  if (stamp !== undefined && stamp.type !== 'xid8') {
    problems.push(
      `${names.transactionId} is ${stamp.type} and something else: name another, transaction_id=esteira_transaction_id`,
    );
  }
  const read = [names.id, names.product, names.price, names.createdAt, names.securityCheck ?? names.id];
  for (const name of new Set(read)) if (!columns.has(name)) problems.push(`there is no column ${name}`);
  return problems;
}

/** What is missing before a system can read the table: a sentence for each. Pure. */
export function unprepared(facts: TableFacts, { columns: names }: OwnTable): string[] {
  const problems: string[] = [];
  const stamp = facts.columns.get(names.transactionId);
  if (stamp === undefined) problems.push(`the column ${names.transactionId} xid8 is missing`);
  else if (!stamp.notNull)
    problems.push(`${names.transactionId} may be null: rows without a stamp would never be read`);
  if (facts.trigger === 'absent') problems.push('the trigger that stamps new rows is missing');
  if (facts.trigger === 'different')
    problems.push('the trigger that stamps new rows was changed, or is not ENABLE ALWAYS');
  if (facts.index !== 'usable') problems.push(`an index on (${names.transactionId}, ${names.id}) is missing`);
  if (facts.hidesRows) problems.push('row-level security hides rows from this role');
  return [...problems, ...unreadable(facts, names)];
}

function unreadable({ canUseSchema, schema, columns }: TableFacts, names: OwnColumns): string[] {
  if (!canUseSchema) return [`this role has no USAGE on schema ${schema}`];
  const hidden = Object.values(names).filter((name: string) => columns.get(name)?.readable === false);
  return hidden.length === 0 ? [] : [`this role may not SELECT ${hidden.join(', ')}`];
}
