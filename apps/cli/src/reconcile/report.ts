import { differenceOf, type Reconciliation, type SystemReport, type UnrestedRow } from '@esteira/reconciliation';
import { renderTable, type Cell } from '../table.ts';

const COLUMNS: [head: string, value: (report: SystemReport, logged: number) => number][] = [
  ['rows read', ({ rows }) => rows],
  ['published', ({ rows, classes }) => rows - classes['not-yet-published']],
  ['stored', ({ classes }) => classes.stored],
  ['dead letters', ({ classes }) => classes.dead],
  ['discarded', ({ classes }) => classes.discarded],
  ['in flight', ({ classes }) => classes['in-flight']],
  ['to publish', ({ classes }) => classes['not-yet-published']],
  ['attempts', ({ attempts }) => attempts],
  ['logged', (_, logged) => logged],
  ['difference', differenceOf],
];

/** One row for each system, and one for all. */
export function reportRows({ systems }: Reconciliation, logged: ReadonlyMap<string, number>): Cell[][] {
  const rows = systems.map((report) => COLUMNS.map(([, value]) => value(report, logged.get(report.system) ?? 0)));
  const sums = COLUMNS.map((_, column) => rows.reduce((sum, row) => sum + (row[column] ?? 0), 0));
  return [
    ...systems.map(({ system }, i): Cell[] => [system, ...(rows[i] ?? [])]),
    ...(systems.length > 1 ? [['all', ...sums]] : []),
  ];
}

/** The table of a reconciliation. `logged` is how many attempts the log still holds, by system. */
export function reportTable(reconciliation: Reconciliation, logged: ReadonlyMap<string, number>): string {
  return renderTable(['system', ...COLUMNS.map(([head]) => head)], reportRows(reconciliation, logged));
}

/** What is wrong, in words; nothing where all is well. */
export function problems({ systems }: Reconciliation): string[] {
  const found: [what: string, count: number][] = [
    ['missing: published, but in neither the endput, the dead letters nor the broker', sum(systems, 'missing')],
    ['orphaned: in the endput or a dead letter, but not in the source', sum(systems, 'orphan')],
    ['different in the source and the endput', sum(systems, 'differs')],
  ];
  return found.filter(([, count]) => count > 0).map(([what, count]) => `${count.toLocaleString('en-US')} ${what}`);
}

/** How many rows of a class there are in all systems. */
function sum(systems: readonly SystemReport[], found: keyof SystemReport['classes']): number {
  return systems.reduce((total, { classes }) => total + classes[found], 0);
}

/** One row that is not at rest, in one line. */
export function rowLine({ system, id, class: found, round, source, stored }: UnrestedRow): string {
  const contents = found === 'differs' ? `  source ${source ?? ''}  endput ${stored ?? ''}` : '';
  return `${system}  ${id.padStart(10)}  ${found}${round > 1 ? `  round ${round}` : ''}${contents}`;
}

const CSV_COLUMNS = ['system', 'id', 'class', 'round', 'source', 'stored'] as const;

/** The first line of the CSV format. */
export const CSV_HEAD = CSV_COLUMNS.join(',');

/** One row that is not at rest, as a line of CSV. */
export function csvLine(row: UnrestedRow): string {
  return CSV_COLUMNS.map((column) => csvField(String(row[column] ?? ''))).join(',');
}

function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
