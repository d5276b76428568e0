import { setTimeout as sleep } from 'node:timers/promises';
import { sqlState, type Postgres, type Sql } from '@esteira/postgres';
import type { OwnTable } from '@esteira/config';
import { quotedTable } from '../table.ts';
import { NEGATIVE, SourceNotReady } from './check.ts';
import { hasNegativeIds, hasUnstamped, tableFacts, type TableFacts } from './facts.ts';
import { backfillStatement, BATCH_ROWS, preparePlan, type PrepareStep } from './plan.ts';
import { unsuitable } from './requirements.ts';

/** What is to be prepared, for whom. */
export interface PrepareOptions {
  readonly system: string;
  readonly names: OwnTable;
  /** The role that the API connects as. */
  readonly role: string;
}

/** A preparation that can't go on. What was done stays; the same command goes on from there. */
export class PreparationStopped extends Error {
  override name = 'PreparationStopped';
}

/** The longest a statement waits for its lock, in milliseconds: everybody else queues behind it meanwhile. */
const LOCK_TIMEOUT_MS = 2_000;
const LOCK_TRIES = 60;
const LOCK_NOT_AVAILABLE = '55P03';
/** Between two tries, in milliseconds. */
const PAUSE_MS = 1_000;
const UNDEFINED_COLUMN = '42703';

/** The plan for a table as it is now, and what else to know about it. @throws SourceNotReady for what no plan mends. */
export async function planPreparation(
  sql: Sql,
  { system, names, role }: PrepareOptions,
): Promise<{ readonly steps: PrepareStep[]; readonly facts: TableFacts }> {
  const facts = await tableFacts(sql, names);
  const wrong = unsuitable(facts, names);
  if (facts !== undefined && wrong.length === 0 && (await hasNegativeIds(sql, names))) wrong.push(NEGATIVE);
  if (facts === undefined || wrong.length > 0) throw new SourceNotReady(system, quotedTable(names), wrong);
  const stamp = facts.columns.get(names.columns.transactionId);
  const unstamped = stamp === undefined || (!stamp.notNull && (await hasUnstamped(sql, names)));
  const canRead = await mayRead(sql, facts, names, role);
  return { steps: preparePlan(facts, names, unstamped, { role, canRead }), facts };
}

async function mayRead(sql: Sql, facts: TableFacts, { columns }: OwnTable, role: string): Promise<boolean> {
  try {
    const [row] = await sql.query<{ can: boolean }>(
      `select has_schema_privilege(r.oid, n.oid, 'usage')
          and (select bool_and(has_column_privilege(r.oid, c.oid, name, 'select')) from unnest($4::text[]) as name) as can
         from pg_roles as r, pg_namespace as n join pg_class as c on c.relnamespace = n.oid
        where r.rolname = $1 and n.nspname = $2 and c.relname = $3`,
      [role, facts.schema, facts.name, Object.values(columns)],
    );
    return row?.can === true;
  } catch (error) {
    if (sqlState(error) === UNDEFINED_COLUMN) return false; // the stamp's column is still to come
    throw error;
  }
}

/** What `prepareSource` tells while it works. */
export interface PrepareReport {
  step(step: PrepareStep): void;
  /** Rows stamped so far. */
  stamped(rows: number): void;
  /** A lock was not to be had in time; who has it. */
  waiting(holders: string): void;
}

/** How rows from before are stamped. */
export interface BackfillOptions {
  readonly batchRows?: number;
  /** The user's own triggers do not fire: needs a superuser. */
  readonly silenceTriggers?: boolean;
}

/**
 * Carries out what is not done yet. Each step leaves the table as usable as before, so it may be broken off anywhere and
 * started again. The connection must have no query timeout: an index takes as long as it takes.
 *
 * @throws SourceNotReady, PreparationStopped, or the error that Postgres answered with.
 */
export async function prepareSource(
  postgres: Postgres,
  options: PrepareOptions,
  report: PrepareReport,
  backfill: BackfillOptions = {},
): Promise<void> {
  const names = Array.from((await planPreparation(postgres, options)).steps, ({ name }) => name);
  for (const name of names) {
    // What an earlier step did, or somebody else did meanwhile, changes what is to be done.
    const { steps, facts } = await planPreparation(postgres, options);
    const step = steps.find((each) => each.name === name);
    if (step === undefined || step.done) continue;
    report.step(step);
    if (step.kind === 'batches') await stampAll(postgres, options.names, report, backfill);
    else if (step.kind === 'transaction') await locked(postgres, facts, step.sql, report);
    else for (const statement of step.sql) await lockedAlone(postgres, facts, statement, report);
  }
}

/** CONCURRENTLY waits by itself, and may not stand in a transaction. */
async function lockedAlone(postgres: Postgres, facts: TableFacts, statement: string, report: PrepareReport) {
  if (statement.includes('concurrently')) await postgres.query(statement);
  else await locked(postgres, facts, [statement], report);
}

async function locked(postgres: Postgres, facts: TableFacts, statements: readonly string[], report: PrepareReport) {
  for (let left = LOCK_TRIES; ; left--) {
    try {
      await postgres.transaction(async (sql) => {
        for (const statement of statements) await sql.query(statement);
      }, `set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
      return;
    } catch (error) {
      if (sqlState(error) !== LOCK_NOT_AVAILABLE) throw error;
      const holders = await holdersOf(postgres, facts);
      if (left <= 1) {
        const table = quotedTable(facts);
        throw new PreparationStopped(`${table} was in use all the time, by ${holders}. Try again when that has ended.`);
      }
      report.waiting(holders);
      await sleep(PAUSE_MS);
    }
  }
}

async function holdersOf(sql: Sql, facts: TableFacts): Promise<string> {
  const holders = await sql.query<{ pid: number | null; application: string | null; seconds: number | null }>(
    `select l.pid, a.application_name as application, extract(epoch from clock_timestamp() - a.xact_start)::int as seconds
       from pg_locks as l left join pg_stat_activity as a on a.pid = l.pid
      where l.relation = (select c.oid from pg_class as c where c.relnamespace = $1::text::regnamespace and c.relname = $2)
        and l.granted and l.pid is distinct from pg_backend_pid() order by a.xact_start limit 5`,
    [quotedTable({ name: facts.schema }), facts.name],
  );
  const described = holders.map(({ pid, application, seconds }) =>
    pid === null ? 'a prepared transaction' : `pid ${pid} (${application ?? 'unknown'}, open for ${seconds ?? '?'} s)`,
  );
  return described.length === 0 ? 'a transaction that has just ended' : described.join(', ');
}

/** Passes over the table, by id, until no row is left without a stamp. */
async function stampAll(
  postgres: Postgres,
  names: OwnTable,
  report: PrepareReport,
  { batchRows = BATCH_ROWS, silenceTriggers = false }: BackfillOptions,
): Promise<void> {
  const statement = backfillStatement(names);
  const first = silenceTriggers ? `set local session_replication_role = replica` : '';
  let total = 0;
  while (await hasUnstamped(postgres, names)) {
    const pass = { found: 0, stamped: 0 };
    for (let after: string | null = '-1'; after !== null;) {
      const [batch] = await postgres.transaction(
        (sql) => sql.query<{ found: number; stamped: number; last: string | null }>(statement, [after, batchRows]),
        first,
      );
      after = batch?.last ?? null;
      pass.found += batch?.found ?? 0;
      pass.stamped += batch?.stamped ?? 0;
      if ((batch?.stamped ?? 0) > 0) report.stamped(total + pass.stamped);
    }
    total += pass.stamped;
    if (pass.found > 0 && pass.stamped === 0) throw new PreparationStopped(SUPPRESSED);
    // All that is left is locked by others.
    if (pass.found === 0) await sleep(PAUSE_MS);
  }
}

const SUPPRESSED =
  'A trigger of the table undoes the stamping of its rows (a BEFORE UPDATE trigger that returns null?). ' +
  '--silence-triggers stamps them without firing triggers; it needs a superuser.';
