import { CONTENT_FIELDS } from '@esteira/orders/reconciliation';
import {
  differenceOf,
  differencesIn,
  differencesText,
  type Counts,
  type Reconciliation,
  type SystemReport,
  type UnrestedRow,
} from '@esteira/reconciliation';
import { formatted, renderTable, type Cell } from '../table.ts';

/** Attempts that the log still holds, by system; undefined where the log can't be asked. */
export type Logged = ReadonlyMap<string, number> | undefined;

/** The widest a table may be, in characters. */
const WIDEST = 100;

interface Column {
  readonly head: string;
  readonly value: (counts: Counts) => number;
  /** Left out where it is 0 everywhere. */
  readonly isRare?: boolean;
}

const COLUMNS: readonly Column[] = [
  { head: 'rows\nread', value: ({ rows }) => rows },
  { head: 'published', value: ({ rows, classes }) => rows - classes['not-yet-published'] },
  { head: 'stored', value: ({ classes }) => classes.stored },
  { head: 'dead\nletters', value: ({ classes }) => classes.dead },
  { head: 'discarded', value: ({ classes }) => classes.discarded, isRare: true },
  { head: 'in\nflight', value: ({ classes }) => classes['in-flight'] },
  { head: 'to\npublish', value: ({ classes }) => classes['not-yet-published'], isRare: true },
  { head: 'archived', value: ({ classes }) => classes.archived, isRare: true },
  { head: 'orphan', value: ({ classes }) => classes.orphan, isRare: true },
  { head: 'attempts', value: ({ attempts }) => attempts },
];
const DIFFERENCE: Column = { head: 'difference', value: differenceOf };

/** The heads and rows of a table. */
export interface Lines {
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** One row for each system, and one for all. Pure. */
export function reportRows({ systems }: Reconciliation, logged: Logged): Lines {
  const columns = shown(systems);
  const sum = (values: readonly Cell[]): Cell =>
    values.some((value) => typeof value === 'string') ? '?' : values.reduce<number>((a, b) => a + Number(b), 0);
  const loggedOf = (system: string): Cell => (logged === undefined ? '?' : (logged.get(system) ?? 0));
  const rows = systems.map((report): Cell[] => [
    ...columns.map(({ value }) => value(report)),
    loggedOf(report.system),
    DIFFERENCE.value(report),
  ]);
  const sums = [...columns, 'logged', DIFFERENCE].map((_, column) => sum(rows.map((row) => row[column] ?? 0)));
  return {
    head: ['system', ...columns.map(({ head }) => head), 'logged', DIFFERENCE.head],
    rows: [
      ...systems.map(({ system }, i): Cell[] => [system, ...(rows[i] ?? [])]),
      ...(systems.length > 1 ? [['all', ...sums]] : []),
    ],
  };
}

/** One row for each system and day, UTC. Pure. */
export function dayRows({ systems }: Reconciliation): Lines {
  const columns = [...shown(systems.flatMap(({ days }) => days)), DIFFERENCE];
  return {
    head: ['system', 'day', ...columns.map(({ head }) => head)],
    rows: systems.flatMap(({ system, days }) =>
      days.map((report): Cell[] => [system, report.day, ...columns.map(({ value }) => value(report))]),
    ),
  };
}

function shown(reports: readonly Counts[]): Column[] {
  return COLUMNS.filter(({ isRare, value }) => isRare !== true || reports.some((report) => value(report) !== 0));
}

/** The table of a reconciliation; on its side where it would be too wide for a terminal. */
export function reportTable(reconciliation: Reconciliation, logged: Logged): string {
  const { head, rows } = reportRows(reconciliation, logged);
  const upright = renderTable(head, rows);
  return widthOf(upright) <= WIDEST ? upright : renderTable(...onItsSide(head, rows));
}

/** Why `logged` is mostly less than `attempts` after a while. */
export function logNote(ttlSeconds: number): string {
  return `(The attempt log keeps a document for ${formatted(ttlSeconds)} s: \`logged\` is what it still has.)`;
}

/** The table by system and day. */
export function dayTable(reconciliation: Reconciliation): string {
  const { head, rows } = dayRows(reconciliation);
  return renderTable(head, rows);
}

const widthOf = (table: string): number => Math.max(...table.split('\n').map((line) => line.length));

function onItsSide(head: readonly string[], rows: readonly (readonly Cell[])[]): [string[], Cell[][]] {
  const [corner = '', ...names] = head.map((name) => name.replace('\n', ' '));
  return [
    [corner, ...rows.map(([name]) => String(name))],
    names.map((name, column) => [name, ...rows.map((row) => row[column + 1] ?? '')]),
  ];
}

/** What is wrong, in words; nothing where all is well. */
export function problems({ systems }: Reconciliation): string[] {
  const found: [what: string, count: number][] = [
    ['missing: published, but in neither the endput, the dead letters nor the broker', sum(systems, 'missing')],
    [
      'orphaned: in the endput or a dead letter, but not in the source (archived there? ARCHIVED_BEFORE= says so)',
      sum(systems, 'orphan'),
    ],
    ['different in the source and the endput', sum(systems, 'differs')],
  ];
  return found.filter(([, count]) => count > 0).map(([what, count]) => `${formatted(count)} ${what}`);
}

/** How many rows of a class there are in all systems. */
function sum(systems: readonly SystemReport[], found: keyof SystemReport['classes']): number {
  return systems.reduce((total, { classes }) => total + classes[found], 0);
}

/** One row that is not at rest, in one line. */
export function rowLine(row: UnrestedRow): string {
  const { system, id, class: found, round, source } = row;
  const contents =
    found === 'differs'
      ? `  ${differencesText(differencesIn(CONTENT_FIELDS, row))}`
      : found === 'missing' && source !== undefined
        ? `  ${source}`
        : '';
  return `${system}  ${id.padStart(10)}  ${found}${round > 1 ? `  round ${round}` : ''}${contents}`;
}
