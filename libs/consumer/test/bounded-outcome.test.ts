import type { HandlerOutcome, JsonValue } from '@esteira/pipeline';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundedOutcome, MAX_RESULT_BYTES } from '../src/bounded-outcome.ts';

const failure = fc.record({
  code: fc.string({ unit: 'binary' }),
  message: fc.string({ unit: 'binary', maxLength: 5_000 }),
});
const outcome: fc.Arbitrary<HandlerOutcome> = fc.oneof(
  fc.record({ kind: fc.constant('succeeded' as const), result: fc.jsonValue() as fc.Arbitrary<JsonValue> }),
  fc.record({ kind: fc.constant('retry' as const), error: failure, afterMs: fc.double() }),
  fc.record({ kind: fc.constant('dead-letter' as const), error: failure }),
  fc.record({ kind: fc.constant('return' as const), fault: failure }),
);

describe('an outcome', () => {
  it('of any verifier is one that every store takes', () => {
    fc.assert(
      fc.property(outcome, (given) => {
        const bounded = boundedOutcome(given);
        expect(bounded.kind).toBe(given.kind);
        const text = JSON.stringify(bounded);
        expect(text).not.toContain('\\u0000');
        if (bounded.kind === 'succeeded') {
          expect(Buffer.byteLength(JSON.stringify(bounded.result))).toBeLessThanOrEqual(MAX_RESULT_BYTES);
          return;
        }
        const said = bounded.kind === 'return' ? bounded.fault : bounded.error;
        expect(said.message.isWellFormed() && said.code.isWellFormed()).toBe(true);
        expect(Buffer.byteLength(said.message)).toBeLessThanOrEqual(1024);
        expect(said.code.length).toBeLessThanOrEqual(64);
        if (bounded.kind === 'retry') expect(bounded.afterMs ?? 0).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('keeps its result, and says so where the result is too big, too deep or unreadable', () => {
    const kept: JsonValue = { approved: true, by: ['x', 1, null] };
    expect(boundedOutcome({ kind: 'succeeded', result: kept })).toEqual({ kind: 'succeeded', result: kept });
    const deep = JSON.parse('['.repeat(1_000) + ']'.repeat(1_000)) as JsonValue;
    for (const [result, why] of [
      ['x'.repeat(MAX_RESULT_BYTES), /bytes/],
      [deep, /nested deeper/],
      [{ 'a\0b': 1 }, /NUL/],
    ] as const) {
      const bounded = boundedOutcome({ kind: 'succeeded', result });
      expect(bounded).toMatchObject({ kind: 'succeeded', result: { not_kept: expect.stringMatching(why) as string } });
    }
  });
});
