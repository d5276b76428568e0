/** Where a line of CSV ends: outside of quotes, inside, or in something that CSV does not allow. */
export type LineEnd = { readonly kind: 'closed' | 'open' } | { readonly kind: 'malformed'; readonly rule: string };

const QUOTE_INSIDE = 'there is a quote inside a field without quotes. Where quotes mean nothing, say ?quote=';

/** How fields stand beside each other. */
export interface CsvDialect {
  readonly delimiter: string;
  /** What encloses a field that has a delimiter in it; doubled inside. Empty where nothing does. */
  readonly quote: string;
}

/**
 * Follows the quotes of one line (RFC 4180). `inside` tells whether the line begins inside a quoted field.
 * Linear in the line's length, whatever is in it.
 */
export function followQuotes(line: string, { delimiter, quote }: CsvDialect, inside: boolean): LineEnd {
  let at = 0;
  let quoted = inside;
  for (;;) {
    if (quoted) {
      const closing = line.indexOf(quote, at);
      if (closing === -1) return { kind: 'open' };
      at = closing + 1;
      if (line[at] === quote) {
        at += 1;
        continue;
      }
      if (at === line.length) return { kind: 'closed' };
      if (!line.startsWith(delimiter, at)) return { kind: 'malformed', rule: 'there is text after a closing quote' };
      at += delimiter.length;
      quoted = false;
    } else if (line[at] === quote) {
      at += 1;
      quoted = true;
    } else {
      const next = line.indexOf(delimiter, at);
      const field = next === -1 ? line.slice(at) : line.slice(at, next);
      if (field.includes(quote)) return { kind: 'malformed', rule: QUOTE_INSIDE };
      if (next === -1) return { kind: 'closed' };
      at = next + delimiter.length;
    }
  }
}
