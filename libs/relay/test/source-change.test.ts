import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sourceChange } from '../src/source-change.ts';

const source = { database: 'shop', schema: 'public', table: 'things', systemIdentifier: '7431', timeline: '1' };
const xid = fc.bigInt({ min: 3n, max: 2n ** 64n - 1n });

describe('a cursor and the source that answers', () => {
  it('fit exactly while the source is the same and its next transaction lies beyond the cursor', () => {
    fc.assert(
      fc.property(xid, xid, (at, next) => {
        const position = { transactionId: String(at), id: '1' };
        const change = sourceChange(source, position, { ...source, nextTransactionId: String(next) });
        expect(change === undefined).toBe(at < next);
      }),
    );
  });

  it.each([
    ['systemIdentifier', '7388', /another Postgres cluster \(7431 then, 7388 now\)/],
    ['timeline', '2', /another timeline \(1 then, 2 now\)/],
    ['database', 'shop2', /another database/],
    ['schema', 'old', /another schema/],
    ['table', 'things2', /another table/],
  ])('do not fit when the %s is another', (what, value, text) => {
    const now = { ...source, nextTransactionId: '1000', [what]: value };
    expect(sourceChange(source, { transactionId: '5', id: '1' }, now)).toMatch(text);
  });
});
