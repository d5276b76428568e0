import { fieldsOf, type CsvHeader } from './csv-header.ts';
import { followQuotes } from './csv-quotes.ts';
import { MAX_LINE_BYTES, type Line } from './line-splitter.ts';
import type { DecodeLine, Decoded, Part, RecordReader } from './record.ts';
import { refusal } from './refusal.ts';

type Text = Extract<Decoded, { text: string }>;

/** A record whose fields are still to be parsed. */
interface Unparsed {
  readonly line: number;
  readonly bytes: Buffer;
  readonly text: string;
}

/**
 * Reads the records of a CSV file. The borders of records are found here, because a parser that reads on to the end of
 * the file after a quote that is never closed would refuse all of it: here only that line is refused, and reading goes
 * on with the next one. The fields of a record with quotes are csv-parse's work.
 */
export class CsvReader implements RecordReader {
  readonly #header: CsvHeader;
  readonly #decode: DecodeLine;
  /** Lines of a record whose quotes are still open. */
  #open: Line[] = [];
  #openText = '';

  constructor(header: CsvHeader, decode: DecodeLine) {
    this.#header = header;
    this.#decode = decode;
  }

  push(lines: Iterable<Line>): Part[] {
    const parts: (Part | Unparsed)[] = [];
    for (const line of lines) this.#take(line, parts);
    return this.#parsed(parts);
  }

  end(): Part[] {
    const parts: (Part | Unparsed)[] = [];
    while (this.#open.length > 0) this.#giveUpOpen(parts);
    return this.#parsed(parts);
  }

  #take(line: Line, parts: (Part | Unparsed)[]): void {
    const { bytes, number } = line;
    const decoded = line.piece === 'rest' ? undefined : this.#decode(line);
    const inside = this.#open.length > 0;
    if (inside && (decoded === undefined || 'reason' in decoded)) {
      // Nothing sensible closes a quote any more; the first line is refused, and the others are read again.
      this.#giveUpOpen(parts);
      this.#take(line, parts);
    } else if (decoded === undefined) parts.push({ kind: 'filler', bytes });
    else if ('reason' in decoded) parts.push({ kind: 'refused', line: number, bytes, ...decoded });
    else if (!inside && decoded.text.trim() === '') parts.push({ kind: 'filler', bytes });
    else this.#takeText(line, decoded, parts);
  }

  #takeText(line: Line, { text, end }: Text, parts: (Part | Unparsed)[]): void {
    const inside = this.#open.length > 0;
    const { bytes, number } = line;
    const { delimiter, quote } = this.#header;
    if (!inside && (quote === '' || !text.includes(quote))) {
      parts.push(this.#row(number, bytes, text.split(delimiter)));
      return;
    }
    const quotes = followQuotes(text, this.#header, inside);
    if (quotes.kind === 'malformed' && !inside) {
      parts.push({ kind: 'refused', line: number, bytes, ...refusal(quotes.rule) });
      return;
    }
    const tooLong = this.#openText.length + text.length > MAX_LINE_BYTES;
    if (inside && (quotes.kind === 'malformed' || tooLong)) {
      this.#giveUpOpen(parts);
      this.#take(line, parts);
      return;
    }
    this.#open.push(line);
    this.#openText += text;
    if (quotes.kind === 'closed') parts.push(this.#closed());
    else this.#openText += end;
  }

  #closed(): Unparsed {
    const record = {
      line: this.#open[0]?.number ?? 0,
      bytes: this.#open.length === 1 ? (this.#open[0]?.bytes ?? Buffer.alloc(0)) : Buffer.concat(this.#openBytes()),
      text: this.#openText,
    };
    this.#open = [];
    this.#openText = '';
    return record;
  }

  #openBytes(): Buffer[] {
    return this.#open.map(({ bytes }) => bytes);
  }

  /** Refuses the line that opened the quote, and reads the lines after it again. */
  #giveUpOpen(parts: (Part | Unparsed)[]): void {
    const [first, ...others] = this.#open;
    this.#open = [];
    this.#openText = '';
    if (first === undefined) return;
    parts.push({ kind: 'refused', line: first.number, bytes: first.bytes, ...refusal('a quote is never closed') });
    for (const line of others) this.#take(line, parts);
  }

  /** Parses the records with quotes of one push at once: csv-parse is ten times slower one by one. */
  #parsed(parts: readonly (Part | Unparsed)[]): Part[] {
    const quoted = parts.filter((part): part is Unparsed => 'text' in part);
    if (quoted.length === 0) return parts as Part[];
    const rows = fieldsOf(quoted.map(({ text }) => text).join('\n'), this.#header);
    const fields = new Map(quoted.map((record, i) => [record, rows[i] ?? []] as const));
    return parts.map((part) => ('text' in part ? this.#row(part.line, part.bytes, fields.get(part) ?? []) : part));
  }

  #row(line: number, bytes: Buffer, fields: readonly string[]): Part {
    const { columns, product, price, createdAt } = this.#header;
    if (fields.length !== columns.length && !isPadded(fields, columns.length)) {
      const rule = `the line has … fields, the header has ${columns.length}`;
      return { kind: 'refused', line, bytes, ...refusal(rule, fields.length) };
    }
    const raw = { product: fields[product], price: fields[price] };
    return {
      kind: 'row',
      line,
      bytes,
      raw: createdAt === undefined ? raw : { ...raw, createdAt: fields[createdAt] },
    };
  }
}

/** Whether all fields beyond the header's are empty: there is a delimiter at the end of the line. */
function isPadded(fields: readonly string[], width: number): boolean {
  return fields.length > width && fields.slice(width).every((field) => field.trim() === '');
}
