import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  countSlots,
  decideDue,
  lastSlotWithoutBacklog,
  LOOK_BOUNDS,
  MISFIRES,
  nextSlot,
  slotsBetween,
  type DueDecision,
  type Instant,
  type LookedAt,
  type Recurrence,
} from '../src/domain/index.ts';
import { at, HOUR, recurrence, SECOND } from './recurrences.ts';

const everyFive: Recurrence = { kind: 'interval', everySeconds: 5, startsAt: at('2026-11-30T08:00Z'), endsAt: null };
const everyMinute: Recurrence = {
  kind: 'cron',
  expression: '* * * * *',
  timezone: 'Europe/Lisbon',
  startsAt: at('2026-11-30T08:00Z'),
  endsAt: null,
};

/** Looks until nothing is due any more, as a scheduler does. */
function lookAll(looked: LookedAt, now: Instant, bounds = LOOK_BOUNDS): DueDecision[] {
  const decision = decideDue(looked, now, bounds);
  const next = { ...looked, lastSlot: decision.lastSlot };
  return decision.more ? [decision, ...lookAll(next, now, bounds)] : [decision];
}

/** Looks at each of these instants. */
function lookAt(looked: LookedAt, instants: readonly Instant[], bounds = LOOK_BOUNDS): DueDecision[] {
  let { lastSlot } = looked;
  return instants.flatMap((now) => {
    const decisions = lookAll({ ...looked, lastSlot }, now, bounds);
    lastSlot = decisions.at(-1)!.lastSlot;
    return decisions;
  });
}

const firedBy = (decisions: readonly DueDecision[]): Instant[] => decisions.flatMap(({ fire }) => fire);
const missedBy = (one: Recurrence, decisions: readonly DueDecision[]): Instant[] =>
  decisions.flatMap(({ missed }) => (missed === null ? [] : slotsBetween(one, missed.from - 1, missed.to, Infinity)));

/** A recurrence, instants at which it is looked at (a clock may stand still or go back), and how much a look decides. */
const looks = fc.record({
  one: recurrence,
  offsets: fc.array(fc.integer({ min: -HOUR, max: 3 * HOUR }), { minLength: 1, maxLength: 6 }),
  bounds: fc.record({ limit: fc.integer({ min: 20, max: 500 }), graceMs: fc.integer({ min: 0, max: HOUR }) }),
});
/** Not more than some hundred slots: an interval of seconds is looked at over minutes. */
const scaled = ({ everySeconds }: { everySeconds: number }, offset: number) =>
  everySeconds < 60 ? Math.floor(offset / 60) : offset;
const instantsOf = (one: Recurrence, offsets: readonly number[]): Instant[] =>
  offsets.map((offset) => one.startsAt + (one.kind === 'interval' ? scaled(one, offset) : offset));

describe.each(MISFIRES)('with misfire %s', (misfire) => {
  it('each due slot is fired or missed, exactly once, whenever it is looked at', () => {
    fc.assert(
      fc.property(looks, ({ one, offsets, bounds }) => {
        const instants = instantsOf(one, offsets);
        const decisions = lookAt({ recurrence: one, misfire, lastSlot: null }, instants, bounds);
        const decided = [...firedBy(decisions), ...missedBy(one, decisions)].sort((a, b) => a - b);
        expect(decided).toEqual(slotsBetween(one, -Infinity, Math.max(...instants), Infinity));
      }),
    );
  });

  it('what is missed is counted right, and is older than what is fired', () => {
    fc.assert(
      fc.property(looks, ({ one, offsets, bounds }) => {
        for (const { missed, fire, lastSlot } of lookAt(
          { recurrence: one, misfire, lastSlot: null },
          instantsOf(one, offsets),
          bounds,
        )) {
          if (missed !== null) {
            expect(missed).toEqual(countSlots(one, missed.from - 1, missed.to, Infinity));
            expect(missed.to).toBeLessThan(fire[0] ?? Infinity);
          }
          expect(fire.length).toBeLessThanOrEqual(bounds.limit);
          if (fire.length > 0) expect(lastSlot).toBe(fire.at(-1));
        }
      }),
    );
  });

  it('nothing is decided again when it is looked at again, or the clock goes back', () => {
    fc.assert(
      fc.property(looks, fc.nat(2 * HOUR), ({ one, offsets }, back) => {
        const now = instantsOf(one, offsets)[0]!;
        const { lastSlot } = lookAll({ recurrence: one, misfire, lastSlot: null }, now).at(-1)!;
        const again = decideDue({ recurrence: one, misfire, lastSlot }, now - back);
        expect(again).toEqual({ fire: [], missed: null, lastSlot, more: false });
      }),
    );
  });
});

describe('misfire all', () => {
  it('fires the same slots, however the time is divided into looks', () => {
    fc.assert(
      fc.property(looks, looks, ({ one, offsets, bounds }, { offsets: others, bounds: otherBounds }) => {
        const end = Math.max(...offsets, ...others);
        const looked: LookedAt = { recurrence: one, misfire: 'all', lastSlot: null };
        const fired = firedBy(lookAt(looked, instantsOf(one, [...offsets, end]), bounds));
        expect(firedBy(lookAt(looked, instantsOf(one, [...others, end]), otherBounds))).toEqual(fired);
      }),
    );
  });

  it('fires a long backlog page by page, and says that there is more', () => {
    const looked: LookedAt = { recurrence: everyFive, misfire: 'all', lastSlot: null };
    const now = everyFive.startsAt + 10 * SECOND;
    const first = decideDue(looked, now, { limit: 2, graceMs: 0 });
    expect(first).toMatchObject({ fire: [everyFive.startsAt, everyFive.startsAt + 5_000], missed: null, more: true });
    const second = decideDue({ ...looked, lastSlot: first.lastSlot }, now, { limit: 2, graceMs: 0 });
    expect(second).toMatchObject({ fire: [everyFive.startsAt + 10_000], more: false });
  });
});

describe('misfire latest', () => {
  it('fires at most one slot a look, the last one that is due', () => {
    fc.assert(
      fc.property(looks, ({ one, offsets, bounds }) => {
        for (const now of instantsOf(one, offsets)) {
          const fired = firedBy(lookAll({ recurrence: one, misfire: 'latest', lastSlot: null }, now, bounds));
          const due = slotsBetween(one, -Infinity, now, Infinity);
          expect(fired).toEqual(due.slice(-1));
        }
      }),
    );
  });

  it('counts a year of seconds in one look, where the slots are an interval', () => {
    const second: Recurrence = { ...everyFive, everySeconds: 1 };
    const year = 365 * 24 * HOUR;
    const decision = decideDue({ recurrence: second, misfire: 'latest', lastSlot: null }, second.startsAt + year);
    expect(decision).toEqual({
      fire: [second.startsAt + year],
      missed: { count: year / SECOND, from: second.startsAt, to: second.startsAt + year - SECOND },
      lastSlot: second.startsAt + year,
      more: false,
    });
  });

  it('walks a long backlog of a cron page by page, and fires in the last page', () => {
    const looked: LookedAt = { recurrence: everyMinute, misfire: 'latest', lastSlot: null };
    const decisions = lookAll(looked, everyMinute.startsAt + HOUR, { limit: 25, graceMs: 0 });
    expect(decisions.map(({ fire, missed }) => [fire.length, missed?.count])).toEqual([
      [0, 25],
      [0, 25],
      [1, 10],
    ]);
  });
});

describe('misfire skip', () => {
  it('fires what is late by no more than the grace, and nothing else', () => {
    fc.assert(
      fc.property(looks, ({ one, offsets, bounds }) => {
        for (const now of instantsOf(one, offsets)) {
          const looked: LookedAt = { recurrence: one, misfire: 'skip', lastSlot: null };
          const fired = firedBy(lookAll(looked, now, bounds));
          expect(fired).toEqual(slotsBetween(one, now - bounds.graceMs - 1, now, Infinity));
        }
      }),
    );
  });

  it('fires what a scheduler finds that takes over from one that died', () => {
    const takeoverMs = 12 * SECOND;
    const looked: LookedAt = { recurrence: everyFive, misfire: 'skip', lastSlot: null };
    const decision = decideDue(looked, everyFive.startsAt + takeoverMs);
    expect(decision).toMatchObject({ missed: null, fire: { length: 3 } });
  });

  it('records as missed what an outage left, and fires what has just become due', () => {
    const looked: LookedAt = { recurrence: everyFive, misfire: 'skip', lastSlot: null };
    const decision = decideDue(looked, everyFive.startsAt + 60 * SECOND);
    expect(decision.missed).toEqual({ count: 9, from: everyFive.startsAt, to: everyFive.startsAt + 40_000 });
    expect(decision.fire).toEqual([45_000, 50_000, 55_000, 60_000].map((ms) => everyFive.startsAt + ms));
  });
});

describe('a schedule whose backlog is nobody’s', () => {
  it('goes on with the first slot after now, and never goes back', () => {
    fc.assert(
      fc.property(recurrence, fc.integer({ min: -HOUR, max: 8 * HOUR }), (one, offset) => {
        const now = one.startsAt + offset;
        const lastSlot = lastSlotWithoutBacklog(one, null, now);
        expect(nextSlot(one, lastSlot ?? -Infinity)).toBe(nextSlot(one, now));
        expect(lastSlotWithoutBacklog(one, now + 1, now)).toBe(now + 1);
      }),
    );
  });
});
