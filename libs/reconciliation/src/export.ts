import { stringify } from 'csv-stringify/sync';
import type { RowClass } from './classify.ts';
import { differencesIn, differencesText } from './differences.ts';
import { ROW_CLASSES, type DayReport } from './report.ts';

/** A row of a result, as it is exported. */
export interface ExportedRow {
  readonly system: string;
  readonly id: string;
  readonly class: RowClass;
  readonly round: number;
  readonly day: string;
  readonly source?: string | null;
  readonly stored?: string | null;
}

const ROW_COLUMNS = ['system', 'id', 'class', 'round', 'source', 'stored', 'day', 'differences'];
const DAY_COLUMNS = ['system', 'day', 'rows', ...ROW_CLASSES, 'attempts'];

const lines = (columns: readonly string[], records: readonly object[]): string =>
  stringify([...records], { columns: [...columns] });

/** The first line of rows as CSV. */
export const ROW_CSV_HEAD = lines(ROW_COLUMNS, [Object.fromEntries(ROW_COLUMNS.map((name) => [name, name]))]);

/** Rows as lines of CSV (RFC 4180, each ended by a line feed). `fields`: what a content is made of. */
export const rowsToCsv = (rows: readonly ExportedRow[], fields: readonly string[]): string =>
  lines(
    ROW_COLUMNS,
    rows.map((row) => ({ ...row, differences: differencesText(differencesIn(fields, row)) })),
  );

/** The first line of days as CSV. */
export const DAY_CSV_HEAD = lines(DAY_COLUMNS, [Object.fromEntries(DAY_COLUMNS.map((name) => [name, name]))]);

/** The counts of days as lines of CSV. */
export const daysToCsv = (days: readonly (DayReport & { readonly system: string })[]): string =>
  lines(
    DAY_COLUMNS,
    days.map(({ classes, ...day }) => ({ ...day, ...classes })),
  );
