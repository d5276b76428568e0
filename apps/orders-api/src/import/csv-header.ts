import { CsvError, parse } from 'csv-parse/sync';
import type { ColumnMapping } from './record.ts';

/** What the header line of a CSV file says: how fields are separated, and which ones are wanted. */
export interface CsvHeader {
  readonly delimiter: string;
  /** Columns there are. */
  readonly width: number;
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

/** Reads a header line with the delimiter given, or with the one under which the wanted columns are there. */
export function readHeader(line: string, mapping: ColumnMapping, delimiter?: string): CsvHeader | HeaderRefusal {
  const readings = (delimiter === undefined ? DELIMITERS : [delimiter]).map((one) => readingOf(line, mapping, one));
  const good = readings.find((reading) => 'width' in reading);
  if (good !== undefined) return good;
  // The reading with the most columns is most likely what the file means.
  const refusals = readings.filter((reading) => 'columns' in reading);
  return refusals.reduce((a, b) => (b.columns.length > a.columns.length ? b : a));
}

function readingOf(line: string, mapping: ColumnMapping, delimiter: string): CsvHeader | HeaderRefusal {
  const columns = columnsOf(line, delimiter);
  const twice = [mapping.product, mapping.price, mapping.createdAt].filter(
    (name) => columns.indexOf(name) !== columns.lastIndexOf(name),
  );
  if (twice.length > 0) return { reason: `the header names ${listed(twice)} twice`, columns };
  const wanted = [mapping.product, mapping.price, ...(mapping.createdAtRequired ? [mapping.createdAt] : [])];
  const missing = wanted.filter((name) => !columns.includes(name));
  if (missing.length > 0) return { reason: `the header has no column ${listed(missing)}`, columns };
  const createdAt = columns.indexOf(mapping.createdAt);
  return {
    delimiter,
    width: columns.length,
    product: columns.indexOf(mapping.product),
    price: columns.indexOf(mapping.price),
    ...(createdAt === -1 ? {} : { createdAt }),
  };
}

function columnsOf(line: string, delimiter: string): string[] {
  try {
    const [columns = []] = parse(line, { delimiter });
    return columns.map((name) => name.trim());
  } catch (error) {
    if (error instanceof CsvError) return [line];
    throw error;
  }
}

function listed(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(' and ');
}
