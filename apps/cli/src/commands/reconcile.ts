import { userInfo } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Env } from '@esteira/config';
import { settingsForOrders, type Settings } from '@esteira/settings';
import { deadLetterMigrations } from '@esteira/dead-letters';
import { resolveSettings } from '@esteira/infra';
import { migrate } from '@esteira/postgres';
import {
  reconciliationMigrations,
  rowsReport,
  type Reconciliation,
  type SentBy,
  type UnrestedRow,
} from '@esteira/reconciliation';
import { exitCodeOf } from '../books/table.ts';
import { withConnections, type Connections } from '../connections.ts';
import { askedPipeline, pipelineOption } from '../pipelines/asked-pipeline.ts';
import { reconcileThere } from '../pipelines/books.ts';
import { archive, type ArchiveOptions } from '../reconcile/archive.ts';
import { reconcileHere } from '../reconcile/here.ts';
import { openOutput, type By, type Format } from '../reconcile/output.ts';
import { republishMissing } from '../reconcile/republish.ts';
import { Refused } from '../refused.ts';
import { isOn, printProgress } from '../terminal.ts';

interface ReconcileOptions extends ArchiveOptions {
  readonly format: Format;
  readonly by: By;
  readonly republish?: boolean;
  readonly pipeline: string;
}

const matching =
  (pattern: RegExp, what: string) =>
  (text: string): string => {
    if (!pattern.test(text)) throw new InvalidArgumentError(`It is ${what}.`);
    return text;
  };
const day = matching(/^\d{4}-\d{2}-\d{2}$/, 'a day, UTC, like 2026-01-31');
const id = matching(/^(0|[1-9]\d{0,17})$/, 'an id of a row');
const archivingId = matching(/^[1-9]\d{0,17}$/, 'the number of an archiving');

/** What says that rows were archived at their source. */
const withArchiving = (command: Command): Command =>
  command
    .addOption(new Option('--why <text>', 'stays in the history (WHY=)').env('WHY'))
    .addOption(
      new Option('--archived-before <day>', 'rows of SYSTEM made before it were archived there: no orphans')
        .env('ARCHIVED_BEFORE')
        .argParser(day),
    )
    .addOption(
      new Option('--archived-up-to <id>', 'the same for rows with this id or a lower one')
        .env('ARCHIVED_UP_TO')
        .argParser(id),
    )
    .addOption(new Option('--system <name>', 'of which rows were archived (SYSTEM=)').env('SYSTEM'))
    .addOption(
      new Option('--withdraw <number>', 'what an archiving says counts no more (WITHDRAW=)')
        .env('WITHDRAW')
        .argParser(archivingId),
    );

/** `make reconcile`: exit code 1 if any row is missing, orphaned or different. */
export const reconcileCommand = (env: Env): Command =>
  withArchiving(new Command('reconcile'))
    .description('proves row by row that nothing is lost, and names each row that needs somebody')
    .addOption(
      new Option('--format <format>', 'table, or json or csv for programs (FORMAT=)')
        .choices(['table', 'json', 'csv'])
        .default('table')
        .env('FORMAT'),
    )
    .addOption(
      new Option('--by <unit>', 'a line for each system, or for each of its days, UTC (BY=)')
        .choices(['system', 'day'])
        .default('system')
        .env('BY'),
    )
    .addOption(new Option('--republish', 'publishes missing rows again (REPUBLISH=1)'))
    .addOption(pipelineOption())
    .action(async ({ republish, ...options }: ReconcileOptions) => {
      const settings = settingsForOrders(resolveSettings(env));
      const wants = { ...options, republish: republish ?? isOn(env['REPUBLISH']) };
      const other = await askedPipeline(settings, options.pipeline);
      if (other !== undefined) {
        process.exitCode = await reconcileThere(other, formatThere(wants));
        return;
      }
      for (const migrations of [deadLetterMigrations, reconciliationMigrations])
        await migrate(settings.ENDPUT_DATABASE_URL, migrations);
      process.exitCode = await withConnections(settings, (connections) => run(settings, connections, wants));
    });

/** @throws Refused for what only the books of orders can do, whose rows are read one by one */
function formatThere(wants: ReconcileOptions): 'table' | 'json' {
  const ofOrders = [
    ...(wants.republish === true ? ['REPUBLISH'] : []),
    ...(wants.by === 'day' ? ['BY=day'] : []),
    ...(wants.format === 'csv' ? ['FORMAT=csv'] : []),
    ...(wants.archivedBefore === undefined ? [] : ['ARCHIVED_BEFORE']),
    ...(wants.archivedUpTo === undefined ? [] : ['ARCHIVED_UP_TO']),
    ...(wants.withdraw === undefined ? [] : ['WITHDRAW']),
  ];
  if (ofOrders.length > 0) throw new Refused(`${ofOrders.join(', ')}: of orders alone, not of ${wants.pipeline}.`);
  return wants.format === 'json' ? 'json' : 'table';
}

/** Gives the exit code. */
async function run(settings: Settings, connections: Connections, options: ReconcileOptions): Promise<number> {
  const by = `cli: ${userInfo().username}`;
  await archive(connections, settings, options, by);
  const { result, missing } = await reconcileAndPrint(connections, settings, options);
  if (missing.length === 0) return exitCodeOf(rowsReport(result.systems));
  const sentBy = { by, why: options.why ?? 'make reconcile REPUBLISH=1' };
  if (options.republish === true)
    return (await republishAll(settings, connections, missing, sentBy)) && !hasOtherProblems(result) ? 0 : 1;
  printProgress('`make reconcile REPUBLISH=1` publishes missing rows again.');
  return 1;
}

async function reconcileAndPrint(
  connections: Connections,
  settings: Settings,
  { format, by }: Pick<ReconcileOptions, 'format' | 'by'>,
) {
  const missing: UnrestedRow[] = [];
  const output = openOutput(format, by, settings.ATTEMPT_LOG_TTL_SECONDS);
  const result = await reconcileHere(settings, connections, {
    onRow: (row) => {
      if (row.class === 'missing') missing.push(row);
      output.row(row);
    },
  });
  await output.end(result, connections);
  return { result, missing };
}

/** Whether the broker has confirmed all of them. */
async function republishAll(
  settings: Settings,
  connections: Connections,
  missing: readonly UnrestedRow[],
  sentBy: SentBy,
): Promise<boolean> {
  const { confirmed, unroutable, refused, gone } = await republishMissing(settings, connections, missing, sentBy);
  printProgress(`Published again: ${confirmed} of ${missing.length} missing rows were confirmed by the broker.`);
  const others = { unroutable, refused, gone };
  if (confirmed < missing.length) printProgress(`Not published: ${JSON.stringify(others)}`);
  else printProgress('`make reconcile` shows in a while where they came to rest.');
  return confirmed === missing.length;
}

function hasOtherProblems({ systems }: Reconciliation): boolean {
  return systems.some(({ classes }) => classes.orphan + classes.differs > 0);
}
