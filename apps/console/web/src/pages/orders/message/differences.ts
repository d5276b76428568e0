import type { Life } from './timeline.ts';

/** A column as it stands on both sides; null where there is no row. */
export interface Side {
  readonly column: string;
  readonly left: string | null;
  readonly right: string | null;
  readonly differs: boolean;
}

/** Source and endput, column by column. A row that stands on one side only differs nowhere: it is not there. Pure. */
export function differencesOf(source: Life['source'], stored: Life['stored']): Side[] {
  const pairs = [
    ['product', source?.product, stored?.product],
    ['price', source?.price, stored?.price],
    ['security_check', source?.security_check, stored?.security_check],
    ['created_at', source?.created_at, stored?.source_created_at],
  ] as const;
  return pairs.map(([column, a, b]) => {
    const left = a === undefined ? null : String(a);
    const right = b === undefined ? null : String(b);
    return { column, left, right, differs: left !== null && right !== null && !isSame(column, left, right) };
  });
}

/** The same instant may be written in two zones; its microseconds count. */
function isSame(column: string, left: string, right: string): boolean {
  if (column !== 'created_at') return left === right;
  const fraction = (time: string) => (/[.](\d+)/.exec(time)?.[1] ?? '').replace(/0+$/, '');
  return Date.parse(left) === Date.parse(right) && fraction(left) === fraction(right);
}
