import { isUtf8 } from 'node:buffer';
import type { Charset } from './charset.ts';
import type { Line } from './line-splitter.ts';
import { refusal, type Refusal } from './refusal.ts';

/** Where each field of an order is found in a record. */
export interface ColumnMapping {
  readonly product: string;
  readonly price: string;
  readonly createdAt: string;
  /** Whether a file without the column of `createdAt` is refused. */
  readonly createdAtRequired: boolean;
}

/** The values of the mapped columns, as the file has them. */
export interface RawOrder {
  readonly product: unknown;
  readonly price: unknown;
  readonly createdAt?: unknown;
}

/**
 * A part of a file; all parts together are the file. `filler` holds no record: a header, a blank line, the rest of a
 * line that was refused for its length.
 */
export type Part = { readonly bytes: Buffer } & (
  | { readonly kind: 'filler' }
  | { readonly kind: 'row'; readonly line: number; readonly raw: RawOrder }
  | ({ readonly kind: 'refused'; readonly line: number } & Refusal)
);

/** Makes parts of lines. A part may span lines, and comes when its last line has come. */
export interface RecordReader {
  push(lines: Iterable<Line>): Part[];
  /** What is left when the file has ended. */
  end(): Part[];
}

/** A line's text and what it ends with, or why it has none. */
export type Decoded = { readonly text: string; readonly end: '' | '\n' | '\r\n' | '\r' } | Refusal;
export type DecodeLine = (line: Line) => Decoded;

const REPLACEMENT = '\ufffd';
const BYTE_ORDER_MARK = '\ufeff';

const NOT_UTF8 = refusal('the line is not UTF-8. Say what it is, for example ?charset=windows-1252');
const TOO_LONG = refusal('the line is longer than 1 MiB');

/** Decodes lines of a file whose bytes were in this charset, and are UTF-8 now. The first may begin with a mark. */
export function lineDecoder(charset: Charset): DecodeLine {
  const broken = (bytes: Buffer) => (charset === 'utf-8' ? !isUtf8(bytes) : true);
  const refused = charset === 'utf-8' ? NOT_UTF8 : refusal(`the line holds bytes that are no character of ${charset}`);
  return ({ bytes, number, piece }) => {
    if (piece !== 'whole') return TOO_LONG;
    let text = bytes.toString('utf8');
    if (text.includes(REPLACEMENT) && broken(bytes)) return refused;
    if (number === 1 && text.startsWith(BYTE_ORDER_MARK)) text = text.slice(1);
    const end = endOf(text);
    return { text: text.slice(0, text.length - end.length), end };
  };
}

function endOf(text: string): '' | '\n' | '\r\n' | '\r' {
  if (text.endsWith('\n')) return text.endsWith('\r\n') ? '\r\n' : '\n';
  return text.endsWith('\r') ? '\r' : '';
}
