import { isUtf8 } from 'node:buffer';
import type { Line } from './line-splitter.ts';

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
  | { readonly kind: 'refused'; readonly line: number; readonly reason: string }
);

/** Makes parts of lines. A part may span lines, and comes when its last line has come. */
export interface RecordReader {
  push(lines: Iterable<Line>): Part[];
  /** What is left when the file has ended. */
  end(): Part[];
}

/** A line's text and the line feed it ends with, or why it has none. */
export type Decoded = { readonly text: string; readonly lineFeed: '' | '\n' | '\r\n' } | { readonly reason: string };

const REPLACEMENT = '\ufffd';
const BYTE_ORDER_MARK = '\ufeff';

/** Decodes a line. The first one may begin with a byte order mark. */
export function decodeLine({ bytes, number, piece }: Line): Decoded {
  if (piece !== 'whole') return { reason: 'the line is longer than 1 MiB' };
  let text = bytes.toString('utf8');
  if (text.includes(REPLACEMENT) && !isUtf8(bytes)) return { reason: 'the line is not UTF-8' };
  if (number === 1 && text.startsWith(BYTE_ORDER_MARK)) text = text.slice(1);
  const lineFeed = text.endsWith('\r\n') ? '\r\n' : text.endsWith('\n') ? '\n' : '';
  return { text: text.slice(0, text.length - lineFeed.length), lineFeed };
}
