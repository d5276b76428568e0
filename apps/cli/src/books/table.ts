import { addsUp, differenceOf, problemsOf, type BookClass, type BooksReport } from '@esteira/pipeline';
import { formatted, type Cell } from '../table.ts';

/** A column of the books of a pipeline: a cell for each origin. */
export interface BooksColumn {
  readonly head: string;
  readonly cells: readonly Cell[];
}

/** What a pipeline shows beside its books: after what was accepted, and before the difference. */
export interface ShownBeside {
  readonly afterAccepted?: readonly BooksColumn[];
  readonly beforeDifference?: readonly BooksColumn[];
}

/**
 * The columns of books, for those of any pipeline: accepted, then the classes, then the difference. Faults have none, since they are
 * the difference; what is rare has one only where there is any. Pure.
 */
export function booksColumns(report: BooksReport, beside: ShownBeside = {}): BooksColumn[] {
  const { classes, origins, accepted } = report;
  const cellsOf = ({ name }: BookClass) => origins.map(({ counts }) => counts[name] ?? 0);
  const shown = classes
    .filter(({ kind }) => kind !== 'fault')
    .map((one) => ({ one, head: headOf(one.label), cells: cellsOf(one) }))
    .filter(({ one, cells }) => !RARE.has(one.kind) || cells.some((count) => count !== 0))
    .map(({ head, cells }) => ({ head, cells }));
  return [
    { head: headOf(accepted), cells: origins.map((origin) => origin.accepted) },
    ...(beside.afterAccepted ?? []),
    ...shown,
    ...(beside.beforeDifference ?? []),
    { head: 'difference', cells: origins.map((origin) => differenceOf(origin, classes)) },
  ];
}

const RARE: ReadonlySet<BookClass['kind']> = new Set(['discarded', 'to-be-sent', 'aside', 'stray']);

/** Two words stand one above the other: the table stays as wide as a terminal. */
const headOf = (label: string) => label.replace(' ', '\n');

/** What does not add up, a line each; nothing where all is well. Pure. */
export const problemLines = (report: BooksReport): string[] =>
  problemsOf(report).map(({ count, what }) => `${formatted(count)} ${what}`);

/** The exit code that the books end a command with: 1 where they do not add up. */
export const exitCodeOf = (report: BooksReport): number => (addsUp(report) ? 0 : 1);
