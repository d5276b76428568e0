/** Where a line of CSV ends: outside of quotes, inside, or in something that CSV does not allow. */
export type LineEnd = { readonly kind: 'closed' | 'open' } | { readonly kind: 'malformed'; readonly reason: string };

const QUOTE = '"';

/**
 * Follows the quotes of one line (RFC 4180). `inside` tells whether the line begins inside a quoted field.
 * Linear in the line's length, whatever is in it.
 */
export function followQuotes(line: string, delimiter: string, inside: boolean): LineEnd {
  let at = 0;
  let quoted = inside;
  for (;;) {
    if (quoted) {
      const quote = line.indexOf(QUOTE, at);
      if (quote === -1) return { kind: 'open' };
      at = quote + 1;
      if (line[at] === QUOTE) {
        at += 1;
        continue;
      }
      if (at === line.length) return { kind: 'closed' };
      if (!line.startsWith(delimiter, at)) return { kind: 'malformed', reason: 'there is text after a closing quote' };
      at += delimiter.length;
      quoted = false;
    } else if (line[at] === QUOTE) {
      at += 1;
      quoted = true;
    } else {
      const next = line.indexOf(delimiter, at);
      const field = next === -1 ? line.slice(at) : line.slice(at, next);
      if (field.includes(QUOTE)) return { kind: 'malformed', reason: 'there is a quote inside a field without quotes' };
      if (next === -1) return { kind: 'closed' };
      at = next + delimiter.length;
    }
  }
}
