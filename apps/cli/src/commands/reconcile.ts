import { Command, Option } from 'commander';
import type { Env, Settings } from '@esteira/config';
import { resolveSettings } from '@esteira/infra';
import { reconcileOrders } from '@esteira/orders/reconciliation';
import { isConsistent, type Reconciliation, type UnrestedRow } from '@esteira/reconciliation';
import { withConnections, type Connections } from '../connections.ts';
import { openOutput, type By, type Format } from '../reconcile/output.ts';
import { republishMissing } from '../reconcile/republish.ts';
import { isOn, printProgress } from '../terminal.ts';

interface ReconcileOptions {
  readonly format: Format;
  readonly by: By;
  readonly republish?: boolean;
}

/** `make reconcile`: exit code 1 if any row is missing, orphaned or different. */
export const reconcileCommand = (env: Env): Command =>
  new Command('reconcile')
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
    .action(async ({ republish, ...options }: ReconcileOptions) => {
      const wantsRepublish = republish ?? isOn(env['REPUBLISH']);
      const settings = resolveSettings(env);
      process.exitCode = await withConnections(settings, async (connections) => {
        const { result, missing } = await reconcileAndPrint(connections, settings, options);
        if (missing.length === 0) return isConsistent(result) ? 0 : 1;
        if (wantsRepublish)
          return (await republishAll(settings, connections, missing)) && !hasOtherProblems(result) ? 0 : 1;
        printProgress('`make reconcile REPUBLISH=1` publishes missing rows again.');
        return 1;
      });
    });

async function reconcileAndPrint(
  connections: Connections,
  { ATTEMPT_LOG_TTL_SECONDS }: Settings,
  { format, by }: Pick<ReconcileOptions, 'format' | 'by'>,
) {
  const missing: UnrestedRow[] = [];
  const output = openOutput(format, by, ATTEMPT_LOG_TTL_SECONDS);
  const result = await reconcileOrders(connections, {
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
): Promise<boolean> {
  const { confirmed, unroutable, refused, gone } = await republishMissing(settings, connections, missing);
  printProgress(`Published again: ${confirmed} of ${missing.length} missing rows were confirmed by the broker.`);
  const others = { unroutable, refused, gone };
  if (confirmed < missing.length) printProgress(`Not published: ${JSON.stringify(others)}`);
  else printProgress('`make reconcile` shows in a while where they came to rest.');
  return confirmed === missing.length;
}

function hasOtherProblems({ systems }: Reconciliation): boolean {
  return systems.some(({ classes }) => classes.orphan + classes.differs > 0);
}
