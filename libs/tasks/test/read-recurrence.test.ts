import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextSlot, readRecurrence, type GivenRecurrence, type RecurrenceRefusal } from '../src/domain/index.ts';
import { at, EXPRESSIONS, ZONES } from './recurrences.ts';

const NOW = at('2026-11-30T08:00Z');

const refusalsOf = (given: GivenRecurrence): readonly RecurrenceRefusal[] => {
  const reading = readRecurrence(given, NOW);
  return reading.kind === 'refused' ? reading.refusals : [];
};
const codesOf = (given: GivenRecurrence): string[] =>
  refusalsOf(given).map(({ code, pointer }) => `${code} ${pointer}`);

describe('what a person gives for when a schedule is due', () => {
  it('is an interval or a cron, from now on, in UTC, where nothing else is said', () => {
    expect(readRecurrence({ intervalSeconds: 5 }, NOW)).toEqual({
      kind: 'accepted',
      timing: { intervalSeconds: 5, cron: null, timezone: null },
      recurrence: { kind: 'interval', everySeconds: 5, startsAt: NOW, endsAt: null },
    });
    expect(readRecurrence({ cron: '30 2 * * *' }, NOW)).toEqual({
      kind: 'accepted',
      timing: { intervalSeconds: null, cron: '30 2 * * *', timezone: 'UTC' },
      recurrence: { kind: 'cron', expression: '30 2 * * *', timezone: 'UTC', startsAt: NOW, endsAt: null },
    });
  });

  it('has a slot to come, if it is taken', () => {
    const given = fc.record(
      {
        intervalSeconds: fc.option(fc.integer()),
        cron: fc.option(fc.oneof(fc.constantFrom(...EXPRESSIONS), fc.string())),
        timezone: fc.option(fc.oneof(fc.constantFrom(...ZONES), fc.string())),
        startsAt: fc.option(fc.integer({ min: 0, max: 2 * NOW })),
        endsAt: fc.option(fc.integer({ min: 0, max: 2 * NOW })),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(given, (one) => {
        const reading = readRecurrence(one, NOW);
        if (reading.kind === 'accepted') expect(nextSlot(reading.recurrence, NOW - 1)).not.toBeNull();
        else for (const { detail, pointer } of reading.refusals) expect(`${pointer} ${detail}`).toMatch(/^(\/\w+)? \w/);
      }),
    );
  });

  it('is refused where it is none, or both', () => {
    expect(codesOf({})).toEqual(['no-recurrence ']);
    expect(codesOf({ intervalSeconds: null, cron: null })).toEqual(['no-recurrence ']);
    expect(codesOf({ intervalSeconds: 5, cron: '* * * * *' })).toEqual(['two-recurrences ']);
  });

  it.each([0, -5, 1.5, 366 * 86_400 + 1, Number.NaN, Infinity])(
    'is refused with an interval of %s s',
    (intervalSeconds) => {
      expect(codesOf({ intervalSeconds })).toEqual(['interval-out-of-bounds /interval_seconds']);
    },
  );

  it.each([
    '',
    'whenever',
    '* * * *',
    '60 * * * *',
    '5/5 * * * *',
    '@reboot',
    '0 0 * * * * * *',
    '2026-12-24T18:00:00',
  ])('is refused with the cron %j', (cron) => {
    expect(codesOf({ cron })).toEqual(['invalid-cron /cron']);
  });

  it('is refused with a cron that is longer than any calendar needs', () => {
    expect(codesOf({ cron: `${'0,'.repeat(200)}0 * * * *` })).toEqual(['invalid-cron /cron']);
  });

  it('is told how a cron is written, and what is wrong with this one', () => {
    expect(refusalsOf({ cron: '60 * * * *' })[0]?.detail).toMatch(/"60 \* \* \* \*".*minute: 60\. For example 30 2/);
  });

  it.each(['Europe/Lissabon', '', 'Mars/Olympus'])('is refused in the zone %j', (timezone) => {
    expect(codesOf({ cron: '* * * * *', timezone })).toEqual(['unknown-timezone /timezone']);
  });

  it('is refused where an interval has a zone', () => {
    expect(codesOf({ intervalSeconds: 5, timezone: 'UTC' })).toEqual(['timezone-without-cron /timezone']);
  });

  it.each(['0 0 30 2 *', '0 0 31 2,4,6,9,11 *', '0 0 0 1 1 * 2020', '0 */10 7 30 11 * 2026'])(
    'is refused where %s is never due',
    (cron) => {
      expect(codesOf({ cron })).toEqual(['never-due /cron']);
    },
  );

  it.each(['30 2 * 3 SUN#L', '30 2 * * *', '*/10 2 * * *', '* 1 * 3 SUN#L', '59 59 23 29 2 MON', '0 0 0 1 1 * 2030'])(
    'is taken where %s is due on some day',
    (cron) => {
      expect(codesOf({ cron, timezone: 'Europe/Berlin' })).toEqual([]);
    },
  );

  it('is refused where clocks leave out each of its times, without each second of a thousand years being looked at', () => {
    for (const cron of ['*/10 2 * 3 SUN#L', '* * 2 * 3 SUN#L', '* * 2 25-31 3 +SUN']) {
      expect(codesOf({ cron, timezone: 'Europe/Berlin' })).toEqual(['never-due /cron']);
      expect(codesOf({ cron, timezone: 'Europe/Lisbon' })).toEqual([]);
    }
    // The half hour that Lord Howe leaves out, and the one that it does not.
    expect(codesOf({ cron: '0-29/5 2 * 10 SUN#1', timezone: 'Australia/Lord_Howe' })).toEqual(['never-due /cron']);
    expect(codesOf({ cron: '0-30/5 2 * 10 SUN#1', timezone: 'Australia/Lord_Howe' })).toEqual([]);
  });

  it('is refused where it ends before it is due', () => {
    expect(codesOf({ cron: '0 0 29 2 *', endsAt: at('2027-06-01') })).toEqual(['never-due /ends_at']);
    expect(codesOf({ intervalSeconds: 60, startsAt: at('2020-01-01'), endsAt: at('2021-01-01') })).toEqual([
      'never-due /ends_at',
    ]);
  });

  it('is told all its mistakes at once', () => {
    expect(codesOf({ cron: 'often', startsAt: NOW, endsAt: NOW })).toEqual([
      'invalid-cron /cron',
      'ends-before-it-starts /ends_at',
    ]);
  });
});
