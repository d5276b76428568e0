import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCron } from '../src/domain/cron.ts';
import {
  countSlots,
  isoInstant,
  latestSlot,
  nextSlot,
  slotsBetween,
  type Instant,
  type Recurrence,
} from '../src/domain/index.ts';
import { at, DAY, EXPRESSIONS, HOUR, interval, nearAChange, recurrence, SECOND, ZONES } from './recurrences.ts';

const cronOf = (expression: string, timezone: string): Recurrence => ({
  kind: 'cron',
  expression,
  timezone,
  startsAt: at('2000-01-01'),
  endsAt: null,
});
const askedAnew = (expression: string, timezone: string, after: Instant): Instant =>
  parseCron(expression, timezone).nextRun(new Date(after))!.getTime();
const span = fc.oneof(fc.integer({ min: 0, max: 3 * HOUR }), fc.integer({ min: 0, max: 2 * DAY }));
const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('the slots of an interval', () => {
  it('are startsAt + k × interval, however far away', () => {
    fc.assert(
      fc.property(
        interval,
        fc.integer({ min: 0, max: 200_000 }),
        fc.integer({ min: 0, max: 1_000 }),
        (one, k, within) => {
          const every = one.everySeconds * SECOND;
          const slot = one.startsAt + k * every;
          const endless = { ...one, endsAt: null };
          expect(nextSlot(endless, slot - 1)).toBe(slot);
          expect(nextSlot(endless, slot + Math.min(within, every - 1))).toBe(slot + every);
          expect(latestSlot(endless, slot + Math.min(within, every - 1))).toBe(slot);
        },
      ),
    );
  });

  it('begin at startsAt itself', () => {
    const five: Recurrence = {
      kind: 'interval',
      everySeconds: 5,
      startsAt: at('2026-11-30T08:00:00.250Z'),
      endsAt: null,
    };
    expect(nextSlot(five, 0)).toBe(five.startsAt);
    expect(latestSlot(five, five.startsAt)).toBe(five.startsAt);
    expect(latestSlot(five, five.startsAt - 1)).toBeNull();
  });

  it('are counted without being walked', () => {
    const second: Recurrence = { kind: 'interval', everySeconds: 1, startsAt: 0, endsAt: null };
    const years = 30 * 365 * DAY;
    expect(countSlots(second, 0, years, 1)).toEqual({ count: years / SECOND, from: SECOND, to: years });
  });
});

describe('the slots of a cron', () => {
  it('are those of its zone', () => {
    const atNine = slotsBetween(cronOf('0 9 * * *', 'America/Sao_Paulo'), at('2026-11-30'), at('2026-12-02'), 10);
    expect(atNine.map(isoInstant)).toEqual(['2026-11-30T12:00:00.000Z', '2026-12-01T12:00:00.000Z']);
  });

  it('begin at startsAt itself, and end before endsAt', () => {
    const bounded = {
      ...cronOf('0 * * * *', 'UTC'),
      startsAt: at('2026-11-30T08:00Z'),
      endsAt: at('2026-11-30T10:00Z'),
    };
    expect(slotsBetween(bounded, 0, Infinity, 10)).toEqual([at('2026-11-30T08:00Z'), at('2026-11-30T09:00Z')]);
    expect(latestSlot(bounded, Infinity)).toBe(at('2026-11-30T09:00Z'));
  });

  it('do not depend on when, or after what, they are asked for', () => {
    const question = fc.record({
      expression: fc.constantFrom(...EXPRESSIONS),
      timezone: fc.constantFrom(...ZONES),
      after: nearAChange,
      shares: fc.array(share, { maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.array(question, { minLength: 1, maxLength: 10 }), (questions) => {
        for (const { expression, timezone, after, shares } of questions) {
          const fresh = askedAnew(expression, timezone, after);
          expect(nextSlot(cronOf(expression, timezone), after)).toBe(fresh);
          // What was answered for one instant is the answer up to that slot.
          for (const part of shares) {
            const instant = after + Math.floor(part * (fresh - after));
            expect(askedAnew(expression, timezone, instant)).toBe(fresh);
            expect(nextSlot(cronOf(expression, timezone), instant)).toBe(fresh);
          }
        }
      }),
    );
  });

  it('come from a parsed expression that all schedules with the same one share', () => {
    // 100,000 parsed ones would be 8 GB.
    const asked = Array.from({ length: 100_000 }, (_, i) =>
      nextSlot(cronOf('7 4 * * *', 'Europe/Berlin'), at('2026-11-30') + i),
    );
    expect(new Set(asked)).toEqual(new Set([at('2026-11-30T03:07Z')]));
  });
});

describe('the slots of any recurrence', () => {
  it('are in [startsAt, endsAt), later than what was asked for, and ascend', () => {
    fc.assert(
      fc.property(recurrence, nearAChange, span, (one, after, length) => {
        const slots = slotsBetween(one, after, after + length, 300);
        for (const [index, slot] of slots.entries()) {
          expect(slot).toBeGreaterThan(slots[index - 1] ?? after);
          expect(slot).toBeLessThanOrEqual(after + length);
          expect(slot).toBeGreaterThanOrEqual(one.startsAt);
          if (one.endsAt !== null) expect(slot).toBeLessThan(one.endsAt);
        }
      }),
    );
  });

  it('are the same forwards and backwards', () => {
    fc.assert(
      fc.property(recurrence, nearAChange, span, (one, after, length) => {
        const slots = slotsBetween(one, after, after + length, 100);
        for (const [index, slot] of slots.entries()) {
          const next = slots[index + 1];
          expect(latestSlot(one, slot)).toBe(slot);
          if (next !== undefined) expect(latestSlot(one, next - 1)).toBe(slot);
        }
        if (slots.length === 0) expect(latestSlot(one, after + length) ?? -Infinity).toBeLessThanOrEqual(after);
      }),
    );
  });

  it('are as many as are counted', () => {
    fc.assert(
      fc.property(recurrence, nearAChange, fc.integer({ min: 0, max: 3 * HOUR }), (one, after, length) => {
        const slots = slotsBetween(one, after, after + length, 20_000);
        expect(countSlots(one, after, after + length, 20_000)).toEqual(
          slots.length === 0 ? null : { count: slots.length, from: slots[0], to: slots.at(-1) },
        );
      }),
      { numRuns: 40 },
    );
  });
});
