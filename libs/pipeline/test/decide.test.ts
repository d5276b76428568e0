import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide, delayAfter, type Attempt, type Outcome, type RetryPolicy } from '../src/index.ts';

const policy: RetryPolicy = { maxAttempts: 5, delaysMs: [10_000], timeoutMs: 30_000 };
const now = new Date('2026-01-01T00:00:00Z');
const error = { code: 'refused', message: 'no' };

const attempts = fc.integer({ min: 1, max: 100 }).chain((maxAttempts) =>
  fc.integer({ min: 1, max: maxAttempts }).map((attempt): Attempt => ({
    pipeline: 'orders',
    messageId: 'm',
    origin: 'system-1',
    key: '1',
    incarnation: null,
    round: 1,
    attempt,
    maxAttempts,
  })),
);

describe('a failed attempt', () => {
  it('waits while attempts are left, and is a dead letter after the last', () => {
    fc.assert(
      fc.property(attempts, (attempt) => {
        const decision = decide(attempt, { kind: 'retry', error }, policy, now);
        expect(decision.kind).toBe(attempt.attempt < attempt.maxAttempts ? 'wait' : 'dead-letter');
      }),
    );
  });

  it('goes by the max attempts of the message, not of the policy', () => {
    const attempt = {
      pipeline: 'orders',
      messageId: 'm',
      origin: 's',
      key: '1',
      incarnation: null,
      round: 1,
      attempt: 6,
      maxAttempts: 7,
    };
    expect(decide(attempt, { kind: 'retry', error }, policy, now)).toEqual({
      kind: 'wait',
      delayMs: 10_000,
      dueAt: new Date('2026-01-01T00:00:10Z'),
      error,
    });
  });

  it('is a dead letter at once when the verifier refuses it for good', () => {
    fc.assert(
      fc.property(attempts, (attempt) => {
        expect(decide(attempt, { kind: 'dead-letter', error }, policy, now)).toEqual({
          kind: 'dead-letter',
          reason: 'refused',
          error,
        });
      }),
    );
  });
});

describe('an infrastructure fault or a skip', () => {
  it('spends no attempt: the decision is the outcome itself', () => {
    const outcomes: Outcome[] = [
      { kind: 'skip', why: 'at-rest' },
      { kind: 'return', fault: { code: 'down', message: 'mongod is down' } },
    ];
    fc.assert(
      fc.property(attempts, fc.constantFrom(...outcomes), (attempt, outcome) => {
        expect(decide(attempt, outcome, policy, now)).toEqual(outcome);
      }),
    );
  });
});

describe('the delay after an attempt', () => {
  it('is always one of the policy: only those have a queue', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 1e6 }), { minLength: 1 }),
        fc.integer({ min: 1, max: 100 }),
        fc.option(fc.integer({ min: 0, max: 1e7 }), { nil: undefined }),
        (delays, attempt, afterMs) => {
          const delaysMs = delays as [number, ...number[]];
          const delayMs = delayAfter({ ...policy, delaysMs }, attempt, afterMs);
          expect(delaysMs).toContain(delayMs);
          if (afterMs !== undefined && Math.max(...delaysMs) >= afterMs)
            expect(delayMs).toBeGreaterThanOrEqual(afterMs);
        },
      ),
    );
  });

  it('follows the list and stays at its last entry', () => {
    const list: RetryPolicy = { ...policy, delaysMs: [1_000, 10_000, 60_000] };
    expect([1, 2, 3, 4, 5].map((attempt) => delayAfter(list, attempt))).toEqual([
      1_000, 10_000, 60_000, 60_000, 60_000,
    ]);
  });
});
