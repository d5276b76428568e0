import { Command, Option } from 'commander';
import type { Env } from '@esteira/config';
import { resolveSettings } from '@esteira/infra';
import { ordersPipeline } from '@esteira/orders/domain';
import { reconcileOrders } from '@esteira/orders/reconciliation';
import { isAtRest, isConsistent, type Reconciliation, type UnrestedRow } from '@esteira/reconciliation';
import { withConnections, type Connections } from '../connections.ts';
import { CSV_HEAD, csvLine, problems, reportTable, rowLine } from '../reconcile/report.ts';
import { republishMissing } from '../reconcile/republish.ts';
import { isOn, print, printProgress } from '../terminal.ts';

type Format = 'table' | 'json' | 'csv';

interface ReconcileOptions {
  readonly format: Format;
  readonly republish?: boolean;
}

/** Rows that are named inline; the other formats name all. */
const NAMED_INLINE = 1_000;
/** While the broker holds messages, which rows they are can't be known: a lost one may hide among them. */
const STILL_MOVING = ' so far; what is in flight is judged once it has come to rest: run it again then';

/** `make reconcile`: exit code 1 if any row is missing, orphaned or different. */
export const reconcileCommand = (env: Env): Command =>
  new Command('reconcile')
    .description('proves row by row that nothing is lost, and names each row that is not at rest')
    .addOption(
      new Option('--format <format>', 'table, or json or csv for programs (FORMAT=)')
        .choices(['table', 'json', 'csv'])
        .default('table')
        .env('FORMAT'),
    )
    .addOption(new Option('--republish', 'publishes missing rows again (REPUBLISH=1)'))
    .action(async ({ format, republish }: ReconcileOptions) => {
      const settings = resolveSettings(env);
      const wantsRepublish = republish ?? isOn(env['REPUBLISH']);
      process.exitCode = await withConnections(settings, async (connections) => {
        const missing: UnrestedRow[] = [];
        const output = OUTPUTS[format]();
        const result = await reconcileOrders(connections, {
          onRow: (row) => {
            if (row.class === 'missing') missing.push(row);
            output.row(row);
          },
        });
        await output.end(result, connections);
        if (missing.length === 0) return isConsistent(result) ? 0 : 1;
        if (!wantsRepublish) {
          printProgress('`make reconcile REPUBLISH=1` publishes missing rows again.');
          return 1;
        }
        const { confirmed, unroutable, refused, gone } = await republishMissing(settings, connections, missing);
        printProgress(`Published again: ${confirmed} of ${missing.length} missing rows were confirmed by the broker.`);
        const others = { unroutable, refused, gone };
        if (confirmed < missing.length) printProgress(`Not published: ${JSON.stringify(others)}`);
        else printProgress('`make reconcile` shows in a while where they came to rest.');
        return confirmed === missing.length && !hasOtherProblems(result) ? 0 : 1;
      });
    });

function hasOtherProblems({ systems }: Reconciliation): boolean {
  return systems.some(({ classes }) => classes.orphan + classes.differs > 0);
}

interface Output {
  row(row: UnrestedRow): void;
  end(result: Reconciliation, connections: Connections): Promise<void>;
}

const OUTPUTS: Record<Format, () => Output> = { table: tableOutput, json: jsonOutput, csv: csvOutput };

function tableOutput(): Output {
  const named: UnrestedRow[] = [];
  let found = 0;
  return {
    row: (row) => {
      found += 1;
      if (named.length < NAMED_INLINE) named.push(row);
    },
    end: async (result, { attemptLog }) => {
      const logged = await attemptLog.countBySystem(ordersPipeline.name);
      for (const row of named) print(rowLine(row));
      if (found > named.length) print(`… and ${found - named.length} more: FORMAT=csv or FORMAT=json names all.`);
      print(reportTable(result, logged));
      for (const problem of problems(result)) print(problem);
      if (isConsistent(result))
        print(`Nothing is missing, orphaned or different${isAtRest(result) ? '' : STILL_MOVING}.`);
    },
  };
}

function jsonOutput(): Output {
  let separator = '{"rows":[';
  return {
    row: (row) => {
      print(`${separator}${JSON.stringify(row)}`);
      separator = ',';
    },
    end: (result) => {
      const opening = separator === ',' ? '' : separator;
      print(`${opening}],"consistent":${isConsistent(result)},"systems":${JSON.stringify(result.systems)}}`);
      return Promise.resolve();
    },
  };
}

function csvOutput(): Output {
  print(CSV_HEAD);
  return {
    row: (row) => {
      print(csvLine(row));
    },
    end: () => Promise.resolve(),
  };
}
