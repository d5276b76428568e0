import type { OpenBody } from './body.ts';
import { CsvFile, type CsvOptions } from './csv-file.ts';
import type { CsvHeader } from './csv-header.ts';
import { LineSplitter } from './line-splitter.ts';
import { NdjsonReader } from './ndjson-reader.ts';
import { lineDecoder, type Part, type RecordReader } from './record.ts';

/** How a file is to be read. */
export interface FileOptions extends CsvOptions {
  /** By the first character of the file where it is not said. */
  readonly format?: 'csv' | 'ndjson';
}

const JSON_OBJECT = /^\ufeff?\s*\{/;

/** A file of records. */
export class RecordFile {
  readonly format: 'csv' | 'ndjson';
  readonly #reader: RecordReader;
  readonly #body: OpenBody;

  constructor(body: OpenBody, options: FileOptions) {
    const decode = lineDecoder(body.charset);
    this.format = options.format ?? (JSON_OBJECT.test(body.head.toString('utf8')) ? 'ndjson' : 'csv');
    this.#reader = this.format === 'ndjson' ? new NdjsonReader(options.mapping, decode) : new CsvFile(options, decode);
    this.#body = body;
  }

  /** Of CSV, once it has been read. */
  get header(): CsvHeader | undefined {
    return this.#reader instanceof CsvFile ? this.#reader.header : undefined;
  }

  /**
   * Reads it part by part; what comes at once comes from one chunk of bytes.
   *
   * @throws ProblemError `columns-not-found` before the first record of a CSV file.
   */
  async *parts(): AsyncGenerator<Part[]> {
    const splitter = new LineSplitter();
    for await (const chunk of this.#body.bytes) yield this.#reader.push(splitter.push(chunk));
    yield this.#reader.push(splitter.end());
    yield this.#reader.end();
  }
}
