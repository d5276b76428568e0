import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classify, isBeyond, roundOf, type JoinedRow } from '../src/index.ts';
import { cursors, joinedRows } from './arbitraries.ts';

describe('the class of a row', () => {
  it('is stored whenever the endput holds the same content, whatever else is known', () => {
    fc.assert(
      fc.property(joinedRows, cursors, (row, cursor) => {
        fc.pre(row.source !== undefined);
        const stored = { id: row.id, content: row.source.content, day: null, attempts: 1 };
        expect(classify({ ...row, stored }, cursor)).toBe('stored');
      }),
    );
  });

  it('is never at rest where neither the endput nor a dead or discarded letter knows the row', () => {
    fc.assert(
      fc.property(joinedRows, cursors, (row, cursor) => {
        fc.pre(row.stored === undefined);
        fc.pre(!(row.dead?.deadLetters ?? []).some(({ state }) => state !== 'redriven'));
        expect(['not-yet-published', 'remainder', 'orphan']).toContain(classify(row, cursor));
      }),
    );
  });

  it('is orphan exactly where there is no source row', () => {
    fc.assert(
      fc.property(joinedRows, cursors, (row, cursor) => {
        expect(classify(row, cursor) === 'orphan').toBe(row.source === undefined);
      }),
    );
  });

  it('is archived where its source has it no more and somebody said so of it, and orphan where it lies beyond', () => {
    const of = (id: string, day: string | null): JoinedRow => ({ id, stored: { id, content: 'a', day, attempts: 1 } });
    const before = [{ beforeDay: '2026-01-01' }];
    expect(classify(of('7', '2025-12-31'), undefined, before)).toBe('archived');
    expect(classify(of('7', '2026-01-01'), undefined, before)).toBe('orphan');
    expect(classify(of('7', null), undefined, before)).toBe('orphan');
    expect(classify(of('7', 'infinity'), undefined, before)).toBe('orphan');
    expect(classify(of('9', null), undefined, [{ upToId: '9' }])).toBe('archived');
    expect(classify(of('10', null), undefined, [{ upToId: '9' }])).toBe('orphan');
    expect(classify(of('10', '2025-12-31'), undefined, [{ upToId: '9', ...before[0] }])).toBe('orphan');
    const source = { id: '7', transactionId: '1', content: 'a', day: '2025-12-31' };
    expect(classify({ ...of('7', '2025-12-31'), source }, undefined, before)).toBe('stored');
  });

  it('is differs where the contents are not equal', () => {
    const source = { id: '7', transactionId: '900', content: 'a', day: null };
    const stored = { id: '7', content: 'b', day: null, attempts: 1 };
    expect(classify({ id: '7', source, stored }, undefined)).toBe('differs');
  });

  it('is dead for an order whose id was used before by one that is stored', () => {
    const source = { id: '7', transactionId: '900', content: 'a', day: null };
    const stored = { id: '7', content: 'b', day: null, attempts: 1 };
    const dead = {
      id: '7',
      deadLetters: [{ state: 'dead', reason: 'identity-conflict', round: 1 }],
      day: null,
      attempts: 1,
    } as const;
    expect(classify({ id: '7', source, stored, dead }, undefined)).toBe('dead');
  });

  it('goes by the cursor as numbers, not as texts', () => {
    expect(isBeyond({ transactionId: '1000', id: '1' }, { transactionId: '999', id: '5' })).toBe(true);
    expect(isBeyond({ transactionId: '999', id: '10' }, { transactionId: '999', id: '9' })).toBe(true);
    expect(isBeyond({ transactionId: '999', id: '9' }, { transactionId: '999', id: '9' })).toBe(false);
    expect(isBeyond({ transactionId: '999', id: '9' }, undefined)).toBe(true);
  });
});

describe('the remainder', () => {
  it('travels in the round of its redriven dead letter', () => {
    expect(roundOf({ id: '1' })).toBe(1);
    const dead = { id: '1', deadLetters: [{ state: 'redriven', reason: 'attempts-exhausted', round: 3 }], attempts: 5 };
    expect(roundOf({ id: '1', dead: dead as never })).toBe(3);
  });
});
