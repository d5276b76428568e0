import { Command, Option } from 'commander';
import { POSTGRES_URL, SettingsError, urlProblems, type Env } from '@esteira/config';
import type { System } from '@esteira/settings';
import { resolveSettings } from '@esteira/infra';
import { ownTable } from '@esteira/orders/source';
import { openPostgres, sqlState, type Postgres } from '@esteira/postgres';
import { planPreparation, PreparationStopped, prepareSource, SourceNotReady } from '@esteira/postgres-source';
import type { Preparation, PrepareOptions, PrepareStep, PrepareWays } from '@esteira/postgres-source';
import { Refused } from '../refused.ts';
import { formatted } from '../table.ts';
import { isOn, print, printProgress } from '../terminal.ts';

interface PrepareSourceOptions {
  readonly system: string;
  readonly dryRun?: boolean;
  readonly ownerUrl?: string;
  readonly silenceTriggers?: boolean;
  readonly subscribersReady?: boolean;
}

/** `make prepare_source SYSTEM=… [DRY_RUN=1]`: what a table of the user needs to be read as a system's orders. */
export const prepareSourceCommand = (env: Env): Command =>
  new Command('prepare-source')
    .description('adds to a table of your own what a system needs to read it; --dry-run only prints the SQL')
    .addOption(
      new Option('--system <name>', 'the system whose table it is (SYSTEM=)').env('SYSTEM').makeOptionMandatory(),
    )
    .addOption(
      new Option('--dry-run', 'prints the SQL, its locks and the least grants, and changes nothing (DRY_RUN=1)'),
    )
    .addOption(
      new Option('--owner-url <url>', "connects as the table's owner; by default as the API does").env(
        'OWNER_DATABASE_URL',
      ),
    )
    .addOption(new Option('--silence-triggers', 'stamps old rows without firing triggers; needs a superuser'))
    .addOption(
      new Option(
        '--subscribers-ready',
        'the subscribers of logical replication have the new column already (SUBSCRIBERS_READY=1)',
      ),
    )
    .action((options: PrepareSourceOptions) => carryOut(env, options));

async function carryOut(env: Env, options: PrepareSourceOptions): Promise<void> {
  const system = systemOf(env, options.system);
  if (system.ownTable === undefined) {
    throw new Refused(`${system.name} has the table that Esteira makes: nothing is to be prepared.\n${HELP}`);
  }
  const plan: PrepareOptions = {
    system: system.name,
    names: ownTable(system.ownTable),
    role: roleOf(system.databaseUrl),
  };
  const url = ownerUrl(options) ?? system.databaseUrl;
  const postgres = openPostgres({
    url,
    applicationName: 'esteira prepare-source',
    max: 2,
    queryTimeoutMs: 0, // An index takes as long as it takes,
    needsOwnSession: true, // and is built outside of transactions.
  });
  try {
    if (options.dryRun ?? isOn(env['DRY_RUN'])) printPlan(await planPreparation(postgres, plan), postgres.address);
    else {
      const subscribersReady = options.subscribersReady ?? isOn(env['SUBSCRIBERS_READY']);
      await prepare(postgres, plan, { silenceTriggers: options.silenceTriggers ?? false, subscribersReady });
    }
  } catch (error) {
    throw explained(error);
  } finally {
    await postgres.close();
  }
}

/** As it is given for this command alone, it is no setting; what is wrong with it is told as of one. */
function ownerUrl({ ownerUrl: url }: PrepareSourceOptions): string | undefined {
  const problems = url === undefined ? [] : urlProblems({ OWNER_DATABASE_URL: url }, () => POSTGRES_URL);
  if (problems.length > 0) throw new SettingsError(problems);
  return url;
}

const HELP = 'SYSTEM<n>_TABLE and SYSTEM<n>_COLUMNS name a table of your own (docs/own-table.md).';

function systemOf(env: Env, name: string): System {
  const { systems } = resolveSettings(env);
  const system = systems.find((each) => each.name === name);
  if (system !== undefined) return system;
  throw new Refused(`There is no system ${name}: SYSTEMS names ${systems.map((each) => each.name).join(', ')}.`);
}

function roleOf(url: string): string {
  return decodeURIComponent(new URL(url).username);
}

async function prepare(postgres: Postgres, options: PrepareOptions, ways: PrepareWays): Promise<void> {
  const { steps } = await planPreparation(postgres, options);
  for (const step of steps) if (step.done) print(`done already: ${step.title}`);
  const report = {
    step: ({ title }: PrepareStep) => {
      print(title);
    },
    stamped: (rows: number) => {
      printProgress(`  ${formatted(rows)} rows`);
    },
    waiting: (holders: string) => {
      printProgress(`  The table is in use by ${holders}; trying again.`);
    },
  };
  await prepareSource(postgres, options, report, ways);
  print(`${options.system} can read its table. Start its API (again); POST /v0/process/run publishes what is there.`);
}

/** The plan as SQL that may be run by hand; what people read are comments. */
function printPlan({ steps, facts, subscribers }: Preparation, address: string): void {
  print(`-- ${address}, ${facts.schema}.${facts.name}. Nothing is changed by --dry-run.`);
  if (facts.updateTriggers.length > 0) {
    print(`-- Triggers of yours that fire for each old row that is stamped: ${facts.updateTriggers.join(', ')}.`);
    print('-- With --silence-triggers (as a superuser) none of them does.');
  }
  for (const line of subscribers.flatMap((each) => each.split('\n'))) print(`-- ${line}`);
  if (subscribers.length > 0) print('-- Without --subscribers-ready (SUBSCRIBERS_READY=1) nothing is done.');
  for (const [index, step] of steps.entries()) printStep(step, index + 1);
}

function printStep({ title, locks, kind, sql, done }: PrepareStep, number: number): void {
  print(`\n-- ${number}. ${title}.${done ? ' Done already.' : ''}`);
  print(`--    Locks: ${locks}`);
  if (done) return;
  if (kind === 'batches')
    print('--    Again and again, $1 being the last id of the batch before (-1 at first), $2 the rows at once:');
  const text = sql.map((statement) => `${statement};`).join('\n');
  print(kind === 'transaction' ? `begin;\nset local lock_timeout = '2s';\n${text}\ncommit;` : text);
}

const INSUFFICIENT_PRIVILEGE = '42501';
const UNDEFINED_OBJECT = '42704';

/** What a person can mend is told without a stack. */
function explained(error: unknown): unknown {
  if (error instanceof SourceNotReady || error instanceof PreparationStopped) return new Refused(error.message);
  if (sqlState(error) === INSUFFICIENT_PRIVILEGE) {
    return new Refused(
      `${(error as Error).message}.\nOnly the owner of the table, who may also create in its schema, can prepare it: ` +
        'OWNER_DATABASE_URL (or --owner-url) connects as the owner. What was done so far stays.',
    );
  }
  if (sqlState(error) === UNDEFINED_OBJECT) return new Refused(`${(error as Error).message}. Create it first.`);
  return error;
}
