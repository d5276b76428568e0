import { CsvError, parse } from 'csv-parse/sync';
import type { CsvDialect } from './csv-quotes.ts';
import type { ColumnMapping } from './record.ts';

/** What the header line of a CSV file says: how fields are separated, and which ones are wanted. */
export interface CsvHeader extends CsvDialect {
  /** The names of the columns, without those that are empty at the end. */
  readonly columns: readonly string[];
  /** Indexes of columns. */
  readonly product: number;
  readonly price: number;
  readonly createdAt?: number;
}

/** A header line that does not have what is asked for. */
export interface HeaderRefusal {
  readonly reason: string;
  readonly columns: readonly string[];
}

/** Tried in this order where none is given. */
const DELIMITERS = [',', ';', '\t', '|', ':', ' '];

const SEP = /^"?sep=(.)"?[,;\t|]*$/i;

/** The delimiter that Excel is told by a first line like `sep=;`, which is none of the table. */
export function delimiterSaid(line: string): string | undefined {
  return SEP.exec(line)?.[1];
}

/** Reads a header line with the delimiter given, or with the one under which the wanted columns are there. */
export function readHeader(
  line: string,
  mapping: ColumnMapping,
  { delimiter, quote }: Partial<CsvDialect> & Pick<CsvDialect, 'quote'>,
): CsvHeader | HeaderRefusal {
  const delimiters = delimiter === undefined ? DELIMITERS : [delimiter];
  const readings = delimiters.map((one) => readingOf(line, mapping, { delimiter: one, quote }));
  const good = readings.find((reading) => !('reason' in reading));
  if (good !== undefined) return good;
  // The reading with the most columns is most likely what the file means.
  const refusals = readings.filter((reading) => 'reason' in reading);
  return refusals.reduce((a, b) => (b.columns.length > a.columns.length ? b : a));
}

function readingOf(line: string, mapping: ColumnMapping, dialect: CsvDialect): CsvHeader | HeaderRefusal {
  const columns = columnsOf(line, dialect);
  const twice = [mapping.product, mapping.price, mapping.createdAt].filter(
    (name) => columns.indexOf(name) !== columns.lastIndexOf(name),
  );
  if (twice.length > 0) return { reason: `the header names ${listed(twice)} twice`, columns };
  const wanted = [mapping.product, mapping.price, ...(mapping.createdAtRequired ? [mapping.createdAt] : [])];
  const missing = wanted.filter((name) => !columns.includes(name));
  if (missing.length > 0) return { reason: `the header has no column ${listed(missing)}`, columns };
  const createdAt = columns.indexOf(mapping.createdAt);
  return {
    ...dialect,
    columns,
    product: columns.indexOf(mapping.product),
    price: columns.indexOf(mapping.price),
    ...(createdAt === -1 ? {} : { createdAt }),
  };
}

function columnsOf(line: string, dialect: CsvDialect): string[] {
  try {
    const [columns = []] = fieldsOf(line, dialect);
    const names = columns.map((name) => name.trim());
    // A delimiter at the end of each line makes a column without a name and without values.
    return names.slice(0, names.findLastIndex((name) => name !== '') + 1);
  } catch (error) {
    if (error instanceof CsvError) return [line];
    throw error;
  }
}

/** The fields of records; each ends with a line feed. */
export function fieldsOf(text: string, { delimiter, quote }: CsvDialect): string[][] {
  const quoting = quote === '' ? { quote: null, escape: null } : { quote, escape: quote };
  return parse(text, { ...quoting, delimiter, record_delimiter: '\n', relax_column_count: true });
}

function listed(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(' and ');
}
