import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge, type OpenRow } from '../src/index.ts';

/** A row as it really is: what we know of it, and how many messages of it the broker holds. */
interface Real extends OpenRow {
  readonly messages: number;
}

/** Of a row that was published again `copies` times there are its own message, those copies, or fewer. */
const real: fc.Arbitrary<Real> = fc
  .record({ copies: fc.nat({ max: 3 }), sign: fc.option(fc.nat({ max: 9 })), gone: fc.nat({ max: 4 }) })
  .map(({ copies, sign, gone }) => ({
    copies,
    isOver: false,
    ...(sign === null && copies === 0 ? {} : { lastSign: sign ?? 0 }),
    messages: Math.max(0, copies + 1 - gone),
  }));

const worlds = fc.record({
  rows: fc.array(real, { maxLength: 12 }),
  elsewhere: fc.nat({ max: 4 }),
  there: fc.nat({ max: 4 }),
});

/** What the broker counts: the messages of open rows, and no more copies of rows at rest than we know of. */
const heldIn = ({ rows, elsewhere, there }: { rows: readonly Real[]; elsewhere: number; there: number }) => ({
  inBroker: rows.reduce((sum, { messages }) => sum + messages, 0) + Math.min(elsewhere, there),
  copiesElsewhere: elsewhere,
});

describe('open rows', () => {
  it('that have no message are never hidden behind the copies of others: as many or more without a sign are missing', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const verdicts = judge(world.rows, heldIn(world));
        const isUnsigned = ({ lastSign }: Real) => lastSign === undefined;
        const missing = world.rows.filter((row, index) => isUnsigned(row) && verdicts[index] === 'missing');
        const lost = world.rows.filter((row) => isUnsigned(row) && row.messages === 0);
        expect(missing.length).toBeGreaterThanOrEqual(lost.length);
      }),
    );
  });

  it('are all in flight where each has its message and nothing was published again', () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.nat({ max: 9 }), { nil: undefined }), { maxLength: 20 }),
        fc.nat(),
        (signs, more) => {
          const rows = signs.map((sign): OpenRow => ({
            ...{ copies: 0, isOver: false },
            ...(sign === undefined ? {} : { lastSign: sign }),
          }));
          const held = { inBroker: rows.length + more, copiesElsewhere: 0 };
          expect(judge(rows, held)).toEqual(rows.map(() => 'in-flight'));
        },
      ),
    );
  });

  it('that are missing are published again, and in the end each has a message, whatever was lost before', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        let rows = world.rows.map((row): Real => (row.copies > 0 ? { ...row, messages: row.copies } : row));
        for (let times = 0; times <= world.rows.length; times += 1) {
          const verdicts = judge(rows, heldIn({ ...world, rows }));
          rows = rows.map((row, index) =>
            verdicts[index] === 'in-flight'
              ? row
              : { ...row, copies: row.copies + 1, messages: row.messages + 1, lastSign: 10 + times },
          );
        }
        expect(judge(rows, heldIn({ ...world, rows }))).toEqual(rows.map(() => 'in-flight'));
        expect(rows.filter(({ messages, lastSign }) => messages === 0 && lastSign === undefined)).toEqual([]);
      }),
    );
  });

  it('are never in flight in greater number than the broker holds messages', () => {
    fc.assert(
      fc.property(worlds, fc.nat({ max: 20 }), ({ rows, elsewhere }, inBroker) => {
        const verdicts = judge(rows, { inBroker, copiesElsewhere: elsewhere });
        expect(verdicts.filter((verdict) => verdict === 'in-flight').length).toBeLessThanOrEqual(inBroker);
      }),
    );
  });

  it('that have outlived every journey are missing, whatever the broker counts', () => {
    const over = { copies: 1, lastSign: 5, isOver: true };
    expect(judge([over, { copies: 0, isOver: false }], { inBroker: 1_000, copiesElsewhere: 0 })).toEqual([
      'missing',
      'in-flight',
    ]);
  });

  it('name the one that was not heard of missing, not the one whose last attempt has just failed', () => {
    const waiting = { copies: 0, lastSign: 5, isOver: false };
    const silent = { copies: 0, isOver: false };
    expect(judge([waiting, silent], { inBroker: 1, copiesElsewhere: 0 })).toEqual(['in-flight', 'missing']);
    expect(judge([silent, waiting], { inBroker: 1, copiesElsewhere: 0 })).toEqual(['missing', 'in-flight']);
  });

  it('are not made up for by the copies of one that was published again while it waits', () => {
    const sentAgain = { copies: 1, lastSign: 5, isOver: false };
    const lost = { copies: 0, isOver: false };
    expect(judge([sentAgain, lost], { inBroker: 2, copiesElsewhere: 0 })).toEqual(['in-flight', 'missing']);
    expect(judge([lost], { inBroker: 1, copiesElsewhere: 1 })).toEqual(['missing']);
  });
});
