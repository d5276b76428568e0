import type { Line } from './line-splitter.ts';
import type { ColumnMapping, DecodeLine, Part, RawOrder, RecordReader } from './record.ts';
import { refusal, type Refusal } from './refusal.ts';

const NOT_JSON = refusal('the line is not JSON');
const NOT_AN_OBJECT = refusal('the line is not a JSON object');

/** Reads the records of a file with a JSON object on each line. */
export class NdjsonReader implements RecordReader {
  readonly #mapping: ColumnMapping;
  readonly #decode: DecodeLine;

  constructor(mapping: ColumnMapping, decode: DecodeLine) {
    this.#mapping = mapping;
    this.#decode = decode;
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
    const decoded = this.#decode(line);
    if ('reason' in decoded) return { kind: 'refused', line: number, bytes, ...decoded };
    if (decoded.text.trim() === '') return { kind: 'filler', bytes };
    const raw = this.#raw(decoded.text);
    return 'reason' in raw
      ? { kind: 'refused', line: number, bytes, ...raw }
      : { kind: 'row', line: number, bytes, raw };
  }

  #raw(text: string): RawOrder | Refusal {
    const { product, price, createdAt, createdAtRequired } = this.#mapping;
    const object = parsed(text);
    if (object === undefined) return NOT_JSON;
    if (typeof object !== 'object' || object === null || Array.isArray(object)) return NOT_AN_OBJECT;
    const value = (name: string): unknown => (Object.hasOwn(object, name) ? object[name as never] : undefined);
    const missing = [product, price, ...(createdAtRequired ? [createdAt] : [])].find(
      (name) => value(name) === undefined,
    );
    // Quoted as JSON: a name that a caller gives may hold a NUL, which no text of Postgres can.
    if (missing !== undefined) return refusal('there is no …', missing);
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
