import { columnsOf, type ColumnFact, type OwnTable } from '../table.ts';
import { functionName, type TableFacts } from './facts.ts';

const IDS = ['smallint', 'integer', 'bigint'];
/** The first whose `max()` takes an xid8. */
const LEAST_VERSION = 150_000;
const KINDS: Readonly<Record<string, string>> = {
  p: 'a partitioned table',
  v: 'a view',
  m: 'a materialized view',
  f: 'a foreign table',
};

/** What no preparation can add: a sentence for each, of the table and its columns. Pure. */
export function unsuitable(facts: TableFacts | undefined, names: OwnTable): string[] {
  if (facts === undefined) return ['there is no such table in this database'];
  const { kind, columns } = facts;
  if (kind !== 'r') return [`it is ${KINDS[kind] ?? 'no table'}; only an ordinary table can be read`];
  const problems = unfitTable(facts);
  if (facts.serverVersion < LEAST_VERSION) {
    problems.push(
      `its server is PostgreSQL ${Math.floor(facts.serverVersion / 10_000)}; 15 or later is needed, since max(xid8) is new in it`,
    );
  }
  problems.push(...unfitId(facts, names));
  for (const { name, unfit } of names.columns) {
    const column = columns.get(name);
    const why = column && unfit?.(column);
    if (column !== undefined && why !== undefined) problems.push(`${name} is ${described(column)}${why}`);
  }
  const stamp = columns.get(names.transactionId);
  if (stamp?.generated === true) problems.push(`${names.transactionId} is a generated column: no trigger can stamp it`);
  if (stamp !== undefined && stamp.type !== 'xid8') {
    problems.push(
      `${names.transactionId} is ${stamp.type} and something else: name another, transaction_id=esteira_transaction_id`,
    );
  }
  // The stamp's column is what is added where it is not there.
  const read = columnsOf(names).filter((name) => name !== names.transactionId);
  for (const name of read) if (!columns.has(name)) problems.push(`there is no column ${name}`);
  return problems;
}

/** Kinds of tables that can't be given a column, or whose rows come and go. */
function unfitTable(facts: TableFacts): string[] {
  const problems: string[] = [];
  if (facts.hasChildren) problems.push('tables inherit from it: their rows would not be stamped');
  if (facts.partitionOf !== null) {
    problems.push(
      `it is a partition of ${facts.partitionOf}: Postgres adds no column to one partition alone. Only an ordinary table can be read`,
    );
  }
  if (facts.ofType !== null) {
    problems.push(
      `it is a typed table (OF ${facts.ofType}), to which Postgres adds no column: ALTER TABLE … NOT OF makes it an ordinary one`,
    );
  }
  if (facts.unlogged) {
    problems.push(
      'it is unlogged: when its server crashes, rows are gone that were committed and not yet published. ALTER TABLE … SET LOGGED',
    );
  }
  return problems;
}

const NOT_UNIQUE: Readonly<Record<Exclude<TableFacts['uniqueId'], 'unique'>, string>> = {
  deferrable:
    'is unique by a deferrable key alone: until a transaction ends, two rows may have the same id. Make the constraint anew without DEFERRABLE, or add a unique index',
  invalid:
    'has a unique index that is invalid, so that it may not be unique: REINDEX INDEX CONCURRENTLY builds it again',
  partial: 'is unique by a partial index alone, which does not cover every row',
  none: 'is not unique and not null by itself',
};

function unfitId({ columns, uniqueId }: TableFacts, names: OwnTable): string[] {
  const id = columns.get(names.id);
  if (id === undefined) return [];
  if (!IDS.includes(id.baseType))
    return [`${names.id} is ${described(id)}; an id is a bigint, an integer or a smallint`];
  if (uniqueId !== 'unique') return [`${names.id} ${NOT_UNIQUE[uniqueId]}`];
  return id.notNull ? [] : [`${names.id} may be null: ALTER TABLE … ALTER COLUMN … SET NOT NULL`];
}

const described = ({ type, baseType }: ColumnFact): string =>
  type === baseType ? type : `${type} (a domain over ${baseType})`;

/** What keeps a table from being prepared by the asking role: a sentence for each. Pure. */
export function unpreparable(facts: TableFacts, names: OwnTable): string[] {
  const problems: string[] = [];
  const stamp = names.transactionId;
  if (facts.standby) {
    problems.push('its server is a hot standby, which can not be written: name the primary (OWNER_DATABASE_URL)');
  }
  if (facts.hidesRows) problems.push(hidden(facts));
  if (facts.functionTaken) {
    problems.push(`${facts.schema} has a function ${functionName(facts.name)}() that is not Esteira's: rename it`);
  }
  if (facts.lacksReplicaIdentity && facts.columns.get(stamp)?.notNull !== true) {
    problems.push(
      'its updates are published and it has no replica identity: Postgres refuses to update its rows, which are to be stamped. ' +
        'ALTER TABLE … REPLICA IDENTITY USING INDEX … names the unique index',
    );
  }
  return problems;
}

function hidden({ role, forcesRowSecurity, policies }: TableFacts): string {
  const by = policies.length === 0 ? 'there is no policy, so all of them' : `policies: ${policies.join(', ')}`;
  const forced = forcesRowSecurity ? '; FORCE ROW LEVEL SECURITY holds its owner to it too' : '';
  return (
    `row-level security may hide rows from ${role} (${by}${forced}): a row that can't be seen can't be stamped. ` +
    'Prepare it as a superuser or a role with BYPASSRLS that owns it, or without row-level security'
  );
}

/** What is missing before a system can read the table: a sentence for each. Pure. */
export function unprepared(facts: TableFacts, names: OwnTable): string[] {
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

function unreadable({ canUseSchema, schema, columns }: TableFacts, names: OwnTable): string[] {
  if (!canUseSchema) return [`this role has no USAGE on schema ${schema}`];
  const hidden = columnsOf(names).filter((name) => columns.get(name)?.readable === false);
  return hidden.length === 0 ? [] : [`this role may not SELECT ${hidden.join(', ')}`];
}
