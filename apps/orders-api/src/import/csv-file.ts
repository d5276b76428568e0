import { defineProblem, placed, type ProblemError } from '@esteira/http';
import { delimiterSaid, readHeader, type CsvHeader } from './csv-header.ts';
import type { CsvDialect } from './csv-quotes.ts';
import { CsvReader } from './csv-reader.ts';
import type { Line } from './line-splitter.ts';
import type { ColumnMapping, DecodeLine, Part, RecordReader } from './record.ts';

export const columnsNotFound = defineProblem({
  code: 'columns-not-found',
  status: 400,
  title: 'The header line does not have the columns asked for.',
});

/** What is known of a CSV file before its header is read. */
export interface CsvOptions {
  readonly mapping: ColumnMapping;
  /** By a line `sep=`, or by the header line, where it is not said. */
  readonly delimiter?: string;
  readonly quote: CsvDialect['quote'];
  /** The number of the header line, where lines before it are no blank ones. */
  readonly headerLine?: number;
}

/** Before the header: white space, and rows of a table without a value. */
const BLANK = /^[\s,;|"]*$/;

/** Waits for the header line, then reads records. */
export class CsvFile implements RecordReader {
  /** Undefined until it has come. */
  header: CsvHeader | undefined;
  readonly #options: CsvOptions;
  readonly #decode: DecodeLine;
  #delimiter: string | undefined;
  #records: CsvReader | undefined;
  /** A header line whose quotes are still open. */
  #begun = '';

  constructor(options: CsvOptions, decode: DecodeLine) {
    this.#options = options;
    this.#delimiter = options.delimiter;
    this.#decode = decode;
  }

  push(lines: Iterable<Line>): Part[] {
    if (this.#records !== undefined) return this.#records.push(lines);
    const before: Part[] = [];
    const all = Array.from(lines);
    for (const [index, line] of all.entries()) {
      this.#records = this.#takeHeader(line);
      before.push({ kind: 'filler', bytes: line.bytes });
      if (this.#records !== undefined) return [...before, ...this.#records.push(all.slice(index + 1))];
    }
    return before;
  }

  end(): Part[] {
    if (this.#records !== undefined) return this.#records.end();
    throw headerRefused(this.#begun === '' ? 'The file has no header line.' : 'A quote of the header is never closed.');
  }

  /** The reader of the records after a header line; undefined for a line that is none. */
  #takeHeader(line: Line): CsvReader | undefined {
    if (line.number < (this.#options.headerLine ?? 1)) return undefined;
    const decoded = this.#decode(line);
    if ('reason' in decoded) throw headerRefused(`In line ${line.number}, ${decoded.reason}.`);
    if (this.#begun === '' && BLANK.test(decoded.text)) return undefined;
    const said = line.number === 1 ? delimiterSaid(decoded.text) : undefined;
    if (said !== undefined) {
      this.#delimiter ??= said;
      return undefined;
    }
    const text = this.#begun + decoded.text;
    // The name of a column may have lines, as a value may; further than a few of them, the quote is a mistake.
    this.#begun = isOpen(text, this.#options.quote) && text.length < MAX_HEADER ? text + decoded.end : '';
    return this.#begun === '' ? this.#readerAfter(text) : undefined;
  }

  #readerAfter(text: string): CsvReader {
    const { mapping, quote } = this.#options;
    const dialect = this.#delimiter === undefined ? { quote } : { quote, delimiter: this.#delimiter };
    const header = readHeader(text, mapping, dialect);
    if ('reason' in header) throw headerRefused(refused(header.reason, header.columns), header.columns);
    this.header = header;
    return new CsvReader(header, this.#decode);
  }
}

const MAX_HEADER = 16_384;

const isOpen = (text: string, quote: string) => quote !== '' && text.split(quote).length % 2 === 0;

function headerRefused(detail: string, columns: readonly string[] = []): ProblemError {
  return columnsNotFound(detail, { columns, ...placed('body', '', 'has no such header line') });
}

function refused(reason: string, columns: readonly string[]): string {
  const found = columns.map((name) => `"${name}"`).join(', ');
  const first = columns[0] ?? '';
  if (first.startsWith('<')) return `The file is HTML or XML, whatever its name: ${reason}. Save it as CSV.`;
  if (/^\[\s*(?:\{.*)?$/.test(first))
    return `The file is a JSON array: ${reason}. Send an object on each line (NDJSON).`;
  return `In the file, ${reason}. It has ${found}. Name the right ones: ?product=…&price=…&created_at=…, and ?delimiter=… where it is an unusual one; ?header_line=… where lines stand before the header.`;
}
