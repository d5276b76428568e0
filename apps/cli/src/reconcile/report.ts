import { CONTENT_FIELDS } from '@esteira/orders/reconciliation';
import {
  differencesIn,
  differencesText,
  rowsReport,
  type Counts,
  type Reconciliation,
  type SystemReport,
  type UnrestedRow,
} from '@esteira/reconciliation';
import { booksColumns, type BooksColumn, type ShownBeside } from '../books/table.ts';
import { formatted, renderTable, type Cell } from '../table.ts';

/** Attempts that the log still holds, by system; undefined where the log can't be asked. */
export type Logged = ReadonlyMap<string, number> | undefined;

/** The widest a table may be, in characters. */
const WIDEST = 100;

/** What the books of rows have beside: how many are published, and the attempts that they took. */
const besideOf = (counted: readonly Counts[], more: readonly BooksColumn[] = []): ShownBeside => ({
  afterAccepted: [
    { head: 'published', cells: counted.map(({ rows, classes }) => rows - classes['not-yet-published']) },
  ],
  beforeDifference: [{ head: 'attempts', cells: counted.map(({ attempts }) => attempts) }, ...more],
});

/** The heads and rows of a table. */
export interface Lines {
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** One row for each system, and one for all. Pure. */
export function reportRows({ systems }: Reconciliation, logged: Logged): Lines {
  const loggedOf = ({ system }: SystemReport): Cell => (logged === undefined ? '?' : (logged.get(system) ?? 0));
  const beside = besideOf(systems, [{ head: 'logged', cells: systems.map(loggedOf) }]);
  const columns = booksColumns(rowsReport(systems), beside);
  const sum = (values: readonly Cell[]): Cell =>
    values.some((value) => typeof value === 'string') ? '?' : values.reduce<number>((a, b) => a + Number(b), 0);
  return {
    head: ['system', ...columns.map(({ head }) => head)],
    rows: [
      ...systems.map(({ system }, i): Cell[] => [system, ...columns.map(({ cells }) => cells[i] ?? '')]),
      ...(systems.length > 1 ? [['all', ...columns.map(({ cells }) => sum(cells))]] : []),
    ],
  };
}

/** One row for each system and day, UTC. Pure. */
export function dayRows({ systems }: Reconciliation): Lines {
  const counted = systems.flatMap(({ system, days }) => days.map((day) => ({ system, ...day })));
  const columns = booksColumns(rowsReport(counted), besideOf(counted));
  return {
    head: ['system', 'day', ...columns.map(({ head }) => head)],
    rows: counted.map(({ system, day }, i): Cell[] => [system, day, ...columns.map(({ cells }) => cells[i] ?? '')]),
  };
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
