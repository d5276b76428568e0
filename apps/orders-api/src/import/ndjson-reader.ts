import type { Line } from './line-splitter.ts';
import { decodeLine, type ColumnMapping, type Part, type RawOrder, type RecordReader } from './record.ts';

/** Reads the records of a file with a JSON object on each line. */
export class NdjsonReader implements RecordReader {
  readonly #mapping: ColumnMapping;

  constructor(mapping: ColumnMapping) {
    this.#mapping = mapping;
  }

  push(lines: Iterable<Line>): Part[] {
    return Array.from(lines, (line) => this.#part(line));
  }

  end(): Part[] {
    return [];
  }

  #part(line: Line): Part {
    const { bytes, number } = line;
    if (line.piece === 'rest') return { kind: 'filler', bytes };
    const decoded = decodeLine(line);
    if ('reason' in decoded) return { kind: 'refused', line: number, bytes, reason: decoded.reason };
    if (decoded.text.trim() === '') return { kind: 'filler', bytes };
    const raw = this.#raw(decoded.text);
    return typeof raw === 'string'
      ? { kind: 'refused', line: number, bytes, reason: raw }
      : { kind: 'row', line: number, bytes, raw };
  }

  #raw(text: string): RawOrder | string {
    const { product, price, createdAt, createdAtRequired } = this.#mapping;
    const object = parsed(text);
    if (object === undefined) return 'the line is not JSON';
    if (typeof object !== 'object' || object === null || Array.isArray(object)) return 'the line is not a JSON object';
    const value = (name: string): unknown => (Object.hasOwn(object, name) ? object[name as never] : undefined);
    const missing = [product, price, ...(createdAtRequired ? [createdAt] : [])].find(
      (name) => value(name) === undefined,
    );
    // Quoted as JSON: a name that a caller gives may hold a NUL, which no text of Postgres can.
    if (missing !== undefined) return `there is no ${JSON.stringify(missing)}`;
    return { product: value(product), price: value(price), createdAt: value(createdAt) };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Said by the caller; the parser's own words quote the line.
  }
}
