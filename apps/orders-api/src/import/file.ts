import { defineProblem, placed, type ProblemError } from '@esteira/http';
import type { OpenBody } from './body.ts';
import { readHeader } from './csv-header.ts';
import { CsvReader } from './csv-reader.ts';
import { LineSplitter, type Line } from './line-splitter.ts';
import { NdjsonReader } from './ndjson-reader.ts';
import { decodeLine, type ColumnMapping, type Part, type RecordReader } from './record.ts';

export const columnsNotFound = defineProblem({
  code: 'columns-not-found',
  status: 400,
  title: 'The header line does not have the columns asked for.',
});

/** How a file is to be read. */
export interface FileOptions {
  readonly mapping: ColumnMapping;
  /** By the first character of the file where it is not said. */
  readonly format?: 'csv' | 'ndjson';
  /** Of CSV; by the header line where it is not said. */
  readonly delimiter?: string;
}

/**
 * Reads a file part by part; what comes at once comes from one chunk of bytes.
 *
 * @throws ProblemError `columns-not-found` before the first record of a CSV file.
 */
export async function* partsOf(body: OpenBody, options: FileOptions): AsyncGenerator<Part[]> {
  const splitter = new LineSplitter();
  const reader = readerOf(body.head, options);
  for await (const chunk of body.bytes) yield reader.push(splitter.push(chunk));
  yield reader.push(splitter.end());
  yield reader.end();
}

const JSON_OBJECT = /^\ufeff?\s*\{/;

function readerOf(head: Buffer, { format, mapping, delimiter }: FileOptions): RecordReader {
  const isJson = format === undefined ? JSON_OBJECT.test(head.toString('utf8')) : format === 'ndjson';
  return isJson ? new NdjsonReader(mapping) : new HeadedCsvReader(mapping, delimiter);
}

/** Waits for the header line, then reads records. */
class HeadedCsvReader implements RecordReader {
  readonly #mapping: ColumnMapping;
  readonly #delimiter: string | undefined;
  #records: CsvReader | undefined;

  constructor(mapping: ColumnMapping, delimiter: string | undefined) {
    this.#mapping = mapping;
    this.#delimiter = delimiter;
  }

  push(lines: Iterable<Line>): Part[] {
    if (this.#records !== undefined) return this.#records.push(lines);
    const before: Part[] = [];
    const rest = Array.from(lines);
    for (;;) {
      const line = rest.shift();
      if (line === undefined) return before;
      const records = this.#header(line);
      before.push({ kind: 'filler', bytes: line.bytes });
      if (records === undefined) continue;
      this.#records = records;
      return [...before, ...records.push(rest)];
    }
  }

  end(): Part[] {
    if (this.#records === undefined) throw headerRefused('The file has no header line.', []);
    return this.#records.end();
  }

  /** The reader of the records after a header line; undefined for a blank line before it. */
  #header(line: Line): CsvReader | undefined {
    const decoded = decodeLine(line);
    if ('reason' in decoded) throw headerRefused(`In line ${line.number}, ${decoded.reason}.`, []);
    if (decoded.text.trim() === '') return undefined;
    const header = readHeader(decoded.text, this.#mapping, this.#delimiter);
    if ('columns' in header) throw headerRefused(refused(header.reason, header.columns), header.columns);
    return new CsvReader(header);
  }
}

function headerRefused(detail: string, columns: readonly string[]): ProblemError {
  return columnsNotFound(detail, { columns, ...placed('body', '', 'has no such header line') });
}

function refused(reason: string, columns: readonly string[]): string {
  const found = columns.map((name) => `"${name}"`).join(', ');
  return `In the file, ${reason}. It has ${found}. Name the right ones: ?product=…&price=…&created_at=…, and ?delimiter=… where it is an unusual one.`;
}
