import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundedError, HEADER, MAX_ERROR_BYTES, MAX_ROUND, readHeaders, writeHeaders } from '../src/index.ts';

describe('headers', () => {
  it('read back as they were written', () => {
    const count = fc.integer({ min: 1, max: 100 });
    const journey = fc.record(
      { schemaVersion: count, attempt: count, maxAttempts: count, round: count, traceparent: fc.string() },
      { requiredKeys: ['schemaVersion', 'attempt', 'maxAttempts', 'round'] },
    );
    fc.assert(
      fc.property(journey, (headers) => {
        expect(readHeaders(writeHeaders(headers))).toEqual(headers);
      }),
    );
  });

  it('name the header that is missing or wrong', () => {
    const good = writeHeaders({ schemaVersion: 1, attempt: 1, maxAttempts: 5, round: 1 });
    const missing = Object.fromEntries(Object.entries(good).filter(([name]) => name !== HEADER.attempt));
    expect(readHeaders(missing)).toEqual({ problem: 'header x-attempt is missing' });
    for (const value of [-1, 0, 1.5, '3', null, 101]) {
      expect(readHeaders({ ...good, [HEADER.attempt]: value })).toHaveProperty('problem');
    }
  });

  it('hold no round that a table could not keep', () => {
    const good = writeHeaders({ schemaVersion: 1, attempt: 1, maxAttempts: 5, round: MAX_ROUND });
    expect(readHeaders(good)).not.toHaveProperty('problem');
    for (const round of [MAX_ROUND + 1, 2 ** 31]) {
      expect(readHeaders({ ...good, [HEADER.round]: round })).toHaveProperty('problem');
    }
  });

  it('hold an error of any length within 1 KB, cut at a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3000 }), (text) => {
        expect(Buffer.byteLength(boundedError(text))).toBeLessThanOrEqual(MAX_ERROR_BYTES);
      }),
    );
    expect(boundedError('é'.repeat(600))).toMatch(/^é+…$/);
  });
});
