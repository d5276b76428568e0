import fc from 'fast-check';
import type { Instant, Recurrence } from '../src/domain/index.ts';

export const SECOND = 1_000;
export const HOUR = 3_600 * SECOND;
export const DAY = 24 * HOUR;

export const at = (iso: string): Instant => Date.parse(iso);

/** Zones of the users, one without changes, and one whose clocks change by half an hour. */
export const ZONES = [
  'Europe/Lisbon',
  'Europe/Berlin',
  'America/Sao_Paulo',
  'America/New_York',
  'UTC',
  'Australia/Lord_Howe',
] as const;

/** Expressions of every form that croner treats in a way of its own, none of them rare. */
export const EXPRESSIONS = [
  '* * * * *',
  '*/10 2 * * *',
  '30 2 * * *',
  '0,30 2 * * *',
  '0 * * * *',
  '0 0 * * *',
  '30 1,2,3 * * *',
  '15 0-23/2 * * *',
  '59 23 * * *',
  '0 9 * * MON-FRI',
  '0 0 L * *',
  '*/20 * * * * *',
] as const;

/** Days on which clocks change in one of the zones, or did. */
const CHANGES = ['2026-03-29', '2026-10-25', '2026-03-08', '2026-11-01', '2018-11-04', '2018-02-18', '2026-04-05'];

/** An instant within two days of one at which the clocks change somewhere, in milliseconds. */
export const nearAChange: fc.Arbitrary<Instant> = fc
  .tuple(fc.constantFrom(...CHANGES), fc.integer({ min: -2 * DAY, max: 2 * DAY }))
  .map(([day, offset]) => at(day) + offset);

const endsAt = (startsAt: Instant) =>
  fc.option(fc.integer({ min: startsAt + 1, max: startsAt + 40 * DAY }), { nil: null, freq: 2 });

export const interval: fc.Arbitrary<Extract<Recurrence, { kind: 'interval' }>> = fc
  .record({
    everySeconds: fc.oneof(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 366 * 86_400 })),
    startsAt: nearAChange,
  })
  .chain(({ everySeconds, startsAt }) =>
    endsAt(startsAt).map((end) => ({ kind: 'interval' as const, everySeconds, startsAt, endsAt: end })),
  );

export const cron: fc.Arbitrary<Extract<Recurrence, { kind: 'cron' }>> = fc
  .record({ expression: fc.constantFrom(...EXPRESSIONS), timezone: fc.constantFrom(...ZONES), startsAt: nearAChange })
  .chain(({ expression, timezone, startsAt }) =>
    endsAt(startsAt).map((end) => ({ kind: 'cron' as const, expression, timezone, startsAt, endsAt: end })),
  );

export const recurrence: fc.Arbitrary<Recurrence> = fc.oneof(interval, cron);
