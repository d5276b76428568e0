import { quoteIdentifier, quoteLiteral } from '@esteira/postgres';
import { columnsOf, quotedTable, type OwnTable } from '../table.ts';
import { functionName, indexName, stampBody, TRIGGER, type TableFacts } from './facts.ts';

/** How a step is carried out: all its statements in one transaction, each by itself, or again and again in batches. */
export type StepKind = 'transaction' | 'statements' | 'batches';

/** One step of a preparation. */
export interface PrepareStep {
  readonly name: 'stamp' | 'backfill' | 'index' | 'not-null' | 'grants';
  readonly title: string;
  /** Which locks its statements take, and for how long. */
  readonly locks: string;
  readonly kind: StepKind;
  readonly sql: readonly string[];
  readonly done: boolean;
}

/** What is known of the API's role. */
export interface ReaderFacts {
  readonly role: string;
  /** It may read all that it needs. */
  readonly canRead: boolean;
  readonly exists: boolean;
  /** Row-level security is in force for it. */
  readonly hidesRows: boolean;
}

/** Rows that are stamped at once. */
export const BATCH_ROWS = 5_000;

/**
 * The steps that make a table readable, one after the other. Pure.
 *
 * The sequence is what makes it safe beside writers. The first step takes a lock that waits for every transaction that
 * has written to the table, and keeps others out until it commits: whatever is inserted afterwards is stamped, also by
 * a transaction that began long before (its own, older id is right: the watermark has waited for it). What was there
 * before has no stamp, is found by that, and gets the id of the transaction that stamps it.
 */
export function preparePlan(
  facts: TableFacts,
  names: OwnTable,
  unstamped: boolean,
  reader: ReaderFacts,
): PrepareStep[] {
  const isStampNotNull = facts.columns.get(names.transactionId)?.notNull === true;
  return [
    stamp(facts, names),
    backfill(names, !unstamped),
    index(facts, names),
    notNull(names, isStampNotNull),
    grants(facts, names, reader),
  ];
}

function stamp(facts: TableFacts, names: OwnTable): PrepareStep {
  const table = quotedTable(facts);
  const column = quoteIdentifier(names.transactionId);
  const stampFunction = quotedTable({ schema: facts.schema, name: functionName(facts.name) });
  return {
    name: 'stamp',
    title: 'Every new row is stamped with the transaction that inserts it',
    locks:
      'ACCESS EXCLUSIVE on the table, for milliseconds: nothing is rewritten. It waits at most 2 s for transactions that ' +
      'use the table, then lets go and tries again, so that nobody queues behind it for longer.',
    kind: 'transaction',
    sql: [
      `alter table ${table} add column if not exists ${column} xid8`,
      `create or replace function ${stampFunction}() returns trigger language plpgsql as ${dollarQuoted(stampBody(names.transactionId))}`,
      `drop trigger if exists ${TRIGGER} on ${table}`,
      `create trigger ${TRIGGER} before insert or update of ${column} on ${table}\n  for each row execute function ${stampFunction}()`,
      `alter table ${table} enable always trigger ${TRIGGER}`,
    ],
    done: facts.columns.has(names.transactionId) && facts.trigger === 'right',
  };
}

/** A function's body as people write it. */
function dollarQuoted(body: string): string {
  return body.includes('$esteira$') ? quoteLiteral(body) : `$esteira$${body}$esteira$`;
}

function backfill(names: OwnTable, done: boolean): PrepareStep {
  return {
    name: 'backfill',
    title: `Rows from before are stamped, ${BATCH_ROWS.toLocaleString('en-US')} at once, until none is left`,
    locks:
      'ROW EXCLUSIVE on the table, which keeps nobody out, and a lock on each row of a batch until it commits. ' +
      'Rows that somebody else has locked are left for later. Every row is written once more: the table grows until ' +
      'it is vacuumed.',
    kind: 'batches',
    sql: [backfillStatement(names)],
    done,
  };
}

/** $1: the id to begin after (`-1`), $2: rows at once. Answers how many were found and stamped, and the last id. */
export function backfillStatement(names: OwnTable): string {
  const table = quotedTable(names);
  const [id, column] = [quoteIdentifier(names.id), quoteIdentifier(names.transactionId)];
  return `with batch as (
  select ${id} as row_id from ${table} where ${id} > $1 and ${column} is null
  order by ${id} limit $2 for no key update skip locked
), stamped as (
  update ${table} as t set ${column} = pg_current_xact_id() from batch where t.${id} = batch.row_id
  returning t.${id}
)
select (select count(*)::int from batch) as found, (select max(row_id)::text from batch) as last,
  (select count(*)::int from stamped) as stamped`;
}

function index(facts: TableFacts, { id, transactionId }: OwnTable): PrepareStep {
  const name = indexName(facts.name);
  const qualified = quotedTable({ schema: facts.schema, name });
  const leftBehind = facts.index === 'unusable' ? [`drop index concurrently if exists ${qualified}`] : [];
  return {
    name: 'index',
    title: 'An index in the order in which rows are read',
    locks:
      'SHARE UPDATE EXCLUSIVE on the table while it is built (it reads the table twice): rows are read and written ' +
      'meanwhile; vacuum and other changes of the table wait. It waits for older transactions to end.',
    kind: 'statements',
    sql: [
      ...leftBehind,
      `create index concurrently if not exists ${quoteIdentifier(name)}\n  on ${quotedTable(facts)} (${quoteIdentifier(transactionId)}, ${quoteIdentifier(id)})`,
    ],
    done: facts.index === 'usable',
  };
}

const CHECK = 'esteira_stamped';

/** Takes away the check that stands in for NOT NULL while the table is read. */
export const dropCheckStatement = (table: string): string => `alter table ${table} drop constraint if exists ${CHECK}`;

function notNull(names: OwnTable, done: boolean): PrepareStep {
  const table = quotedTable(names);
  const column = quoteIdentifier(names.transactionId);
  return {
    name: 'not-null',
    title: 'A row without a stamp is impossible: it would never be read',
    locks:
      'SHARE UPDATE EXCLUSIVE while all rows are read (they are read and written meanwhile); before and after it ' +
      'ACCESS EXCLUSIVE for milliseconds, with waits as in the first step.',
    kind: 'statements',
    sql: [
      dropCheckStatement(table),
      `alter table ${table} add constraint ${CHECK} check (${column} is not null) not valid`,
      `alter table ${table} validate constraint ${CHECK}`,
      `alter table ${table} alter column ${column} set not null`,
      `alter table ${table} drop constraint ${CHECK}`,
    ],
    done,
  };
}

function grants(facts: TableFacts, own: OwnTable, { role, canRead }: ReaderFacts): PrepareStep {
  const names = columnsOf(own).map(quoteIdentifier);
  return {
    name: 'grants',
    title: `The least that the API's role (${role}) needs: to read these columns`,
    locks: 'None that anybody notices.',
    kind: 'transaction',
    sql: [
      `grant usage on schema ${quoteIdentifier(facts.schema)} to ${quoteIdentifier(role)}`,
      `grant select (${names.join(', ')}) on ${quotedTable(facts)} to ${quoteIdentifier(role)}`,
    ],
    done: canRead,
  };
}
