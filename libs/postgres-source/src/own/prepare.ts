import { setTimeout as sleep } from 'node:timers/promises';
import type { Postgres } from '@esteira/postgres';
import type { OwnTable } from '../table.ts';
import { hasUnstamped } from './facts.ts';
import { LOCK_TRIES, locked, PreparationStopped } from './locked.ts';
import { backfillStatement, BATCH_ROWS, type PrepareStep } from './plan.ts';
import { planPreparation, type Preparation, type PrepareOptions } from './preparation.ts';
import { buildIndex, forbidNull } from './undo.ts';

/** Between two passes over what others have locked, in milliseconds. */
const PAUSE_MS = 1_000;

/** What `prepareSource` tells while it works. */
export interface PrepareReport {
  step(step: PrepareStep): void;
  /** Rows stamped so far. */
  stamped(rows: number): void;
  /** A lock was not to be had in time; who has it. */
  waiting(holders: string): void;
}

/** How a preparation is carried out. */
export interface PrepareWays {
  readonly batchRows?: number;
  /** The user's own triggers do not fire: needs a superuser. */
  readonly silenceTriggers?: boolean;
  /** Subscribers of logical replication have the new column already. */
  readonly subscribersReady?: boolean;
  /** How often a lock is tried to get, a second apart. */
  readonly lockTries?: number;
}

/**
 * Carries out what is not done yet. Whatever fails at any step: a statement is undone or a whole step is done, no write
 * of the user's is refused or changed, and the same command goes on from there. The connection must have no query
 * timeout: an index takes as long as it takes.
 *
 * @throws SourceNotReady, PreparationStopped, or the error that Postgres answered with.
 */
export async function prepareSource(
  postgres: Postgres,
  options: PrepareOptions,
  report: PrepareReport,
  ways: PrepareWays = {},
): Promise<void> {
  const first = await planPreparation(postgres, options);
  refuseAhead(first, ways);
  for (const { name } of first.steps) {
    // What an earlier step did, or somebody else did meanwhile, changes what is to be done.
    const { steps, facts } = await planPreparation(postgres, options);
    const step = steps.find((each) => each.name === name);
    if (step === undefined || step.done) continue;
    report.step(step);
    const onWait = (holders: string) => {
      report.waiting(holders);
    };
    const wait = { tries: ways.lockTries ?? LOCK_TRIES, onWait };
    const on = { names: options.names, facts, wait };
    if (step.name === 'backfill') await stampAll(postgres, options.names, report, ways);
    else if (step.name === 'index') await buildIndex(postgres, step, on);
    else if (step.name === 'not-null') await forbidNull(postgres, step, on);
    else await locked(postgres, facts, step.sql, wait);
  }
  const { steps } = await planPreparation(postgres, options);
  const left = steps.filter(({ done }) => !done).map(({ title }) => `  ${title}`);
  if (left.length > 0) throw new PreparationStopped(`Not done, although no statement failed:\n${left.join('\n')}`);
}

/** What a person has to do first, told before anything is changed. */
function refuseAhead({ steps, facts, subscribers }: Preparation, { subscribersReady = false }: PrepareWays): void {
  if (steps.every(({ done }) => done)) return;
  if (!facts.mayChange) {
    throw new PreparationStopped(
      `${facts.role} does not own ${facts.schema}.${facts.name}, or may not create in its schema. Only the owner of the table, ` +
        'who may also create in its schema, can prepare it: OWNER_DATABASE_URL (or --owner-url) connects as the owner. Nothing was changed.',
    );
  }
  if (subscribers.length > 0 && !subscribersReady) {
    throw new PreparationStopped(
      `${subscribers.join('\n')}\nThen --subscribers-ready (SUBSCRIBERS_READY=1) goes on. Nothing was changed.`,
    );
  }
}

/** Passes over the table, by id, until no row is left without a stamp. */
async function stampAll(
  postgres: Postgres,
  names: OwnTable,
  report: PrepareReport,
  { batchRows = BATCH_ROWS, silenceTriggers = false }: PrepareWays,
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
