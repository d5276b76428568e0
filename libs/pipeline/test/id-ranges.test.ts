import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentId, idRanges } from '../src/index.ts';

/** Ids of an origin's numbers, each in the order of these. */
const idsOf = (origin: string) => (number: string) => {
  const hex = BigInt(number).toString(16).padStart(16, '0');
  return `${origin}-0000-8000-${hex.slice(0, 4)}-${hex.slice(4)}`;
};
const [one, other] = [idsOf('11111111'), idsOf('22222222')];
const span = (from: bigint, count: number) => Array.from({ length: count }, (_, i) => String(from + BigInt(i)));

describe('the ranges of message ids', () => {
  it('hold every id, in order, apart from each other', () => {
    const anyIds = fc.array(fc.bigInt({ min: 0n, max: 60n }), { maxLength: 50 });
    fc.assert(
      fc.property(anyIds, fc.constantFrom(0n, 2n ** 48n - 20n, 2n ** 62n - 20n), (offsets, from) => {
        const ids = offsets.map((offset) => (offset % 2n === 0n ? one : other)(String(from + offset)));
        const ranges = idRanges(ids) ?? [];
        for (const id of ranges.length === 0 ? [] : ids) {
          expect(ranges.filter(({ first, last }) => first <= id && id <= last)).toHaveLength(1);
        }
        const bounds = ranges.flatMap(({ first, last }) => [first, last]);
        expect(bounds).toEqual(bounds.toSorted());
      }),
    );
  });

  it('are one for each system, where rows follow each other, some of them missing', () => {
    const rows = span(1_000n, 1_000).filter((id) => !/[147]$/.test(id));
    const ids = rows.flatMap((row) => [other(row), one(row)]);
    expect(idRanges(ids)).toEqual(
      [one, other]
        .map((idOf) => ({ first: idOf('1000'), last: idOf('1999') }))
        .sort((a, b) => (a.first < b.first ? -1 : 1)),
    );
  });

  it('are none for ids that are scattered', () => {
    expect(idRanges(span(0n, 5).map((n) => contentId(Buffer.from(n), null)))).toBeUndefined();
    expect(idRanges(span(0n, 5).map((n) => one(String(BigInt(n) * 1_000n))))).toBeUndefined();
    expect(idRanges([])).toEqual([]);
  });
});
