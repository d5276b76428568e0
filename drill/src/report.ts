import { renderTable } from '@esteira/cli/table';
import { holds, type CheckResult } from './checks/result.ts';
import type { Fault } from './faults.ts';
import type { Ledger } from './ledger.ts';

/** What was asked of a drill. */
export interface Asked {
  readonly orders: number;
  readonly kills: number;
  readonly outageSeconds: number;
  readonly seed: number;
}

/** The command that repeats a drill. */
export function repeatCommand({ orders, kills, outageSeconds, seed }: Asked): string {
  return `make drill ORDERS=${orders} KILLS=${kills} OUTAGE_SECONDS=${outageSeconds} SEED=${seed}`;
}

/** How often each kind of fault happened. */
export function faultCounts({ happenings }: Pick<Ledger, 'happenings'>): [kind: Fault['kind'], count: number][] {
  const byKind = Map.groupBy(happenings, ({ fault }) => fault.kind);
  return [...byKind].map(([kind, all]) => [kind, all.length]);
}

/** The report for a terminal: each guarantee with its verdict, and what breaks those that did not hold. */
export function terminalReport(ledger: Ledger, checks: readonly CheckResult[], asked: Asked): string {
  const last = ledger.samples.at(-1);
  const faults = faultCounts(ledger)
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ');
  return [
    renderTable(
      ['', 'guarantee', 'looked at', 'broken'],
      checks.map((check) => [holds(check) ? 'holds' : 'BROKEN', check.guarantee, check.looked, check.broken]),
    ),
    ...checks.filter((check) => !holds(check)).flatMap(explained),
    `${(last?.rows ?? 0).toLocaleString('en-US')} orders, ${(last?.attempts ?? 0).toLocaleString('en-US')} attempts, ${ledger.happenings.length} faults in ${Math.round(ledger.now() / 1000)} s: ${faults}.`,
    `Seed ${asked.seed}. The same faults again: ${repeatCommand(asked)}`,
  ].join('\n');
}

function explained({ guarantee, how, problems, broken }: CheckResult): string[] {
  const more = broken > problems.length ? [`  … and ${broken - problems.length} more`] : [];
  return [`BROKEN: ${guarantee}`, `  (${how})`, ...problems.map((problem) => `  ${problem}`), ...more];
}
