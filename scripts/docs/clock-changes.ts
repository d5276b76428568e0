import { recurrenceOf, slotsBetween, type Instant } from '@esteira/tasks/domain';

const HOUR_MS = 3_600_000;

/** A change of clocks, and the local hour that there is not, or twice. */
export interface ClockChange {
  readonly timezone: string;
  /** As people say it: `29 March 2026, from 02:00 to 03:00`. */
  readonly when: string;
  readonly at: Instant;
  readonly hour: number;
}

/** Clocks go forward: an hour is left out. All lie in the past, so no law can change them. */
export const GAPS: readonly ClockChange[] = [
  change('Europe/Lisbon', '29 March 2026, from 01:00 to 02:00', '2026-03-29T01:00Z', 1),
  change('Europe/Berlin', '29 March 2026, from 02:00 to 03:00', '2026-03-29T01:00Z', 2),
  change('America/New_York', '8 March 2026, from 02:00 to 03:00', '2026-03-08T07:00Z', 2),
  change('America/Sao_Paulo', '4 November 2018, from 00:00 to 01:00', '2018-11-04T03:00Z', 0),
];

/** Clocks go back: an hour comes twice. */
export const FOLDS: readonly ClockChange[] = [
  change('Europe/Lisbon', '25 October 2026, from 02:00 to 01:00', '2026-10-25T01:00Z', 1),
  change('Europe/Berlin', '25 October 2026, from 03:00 to 02:00', '2026-10-25T01:00Z', 2),
  change('America/New_York', '1 November 2026, from 02:00 to 01:00', '2026-11-01T06:00Z', 1),
  change('America/Sao_Paulo', '18 February 2018, from 00:00 to 23:00', '2018-02-18T02:00Z', 23),
];

/** What is shown of each change: expressions that mean its hour, and others that are often met. */
export function expressionsOf({ hour }: ClockChange): readonly string[] {
  const ofItsHour = [`30 ${hour} * * *`, `0,30 ${hour} * * *`, `*/10 ${hour} * * *`];
  return [...new Set([...ofItsHour, '30 2 * * *', '0 0 * * *', '0 * * * *'])];
}

/** The slots of an expression from half a day before a change to half a day after; of an hourly one, two hours. */
export function slotsAround({ timezone, at }: ClockChange, cron: string): Instant[] {
  const aroundMs = cron === '0 * * * *' ? 2 * HOUR_MS : 12 * HOUR_MS;
  const startsAt = at - aroundMs;
  const recurrence = recurrenceOf({ intervalSeconds: null, cron, timezone, startsAt, endsAt: at + aroundMs });
  return slotsBetween(recurrence, -Infinity, Infinity, 1_000);
}

/** The table of docs/schedules.md: what crons do in a gap and in a fold, as they do it. */
export function clockChangesTable(): string {
  return [
    '### Clocks go forward: an hour is left out',
    '',
    table(GAPS),
    '',
    '### Clocks go back: an hour comes twice',
    '',
    table(FOLDS),
  ].join('\n');
}

function table(changes: readonly ClockChange[]): string {
  const rows = changes.flatMap((one) =>
    expressionsOf(one).map((expression, index) => [
      index === 0 ? `${one.timezone}, ${one.when}` : '',
      `\`${expression}\``,
      localTimes(one.timezone, slotsAround(one, expression)),
    ]),
  );
  const lines = [['clocks', 'cron', 'slots, in local time'], ['---', '---', '---'], ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** `01:00, 01:30 (+01:00); 03:00 (+02:00)`: local times, and after them the offset from UTC that they have. */
export function localTimes(timezone: string, slots: readonly Instant[]): string {
  if (slots.length === 0) return 'none';
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone,
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'longOffset',
  });
  const times = slots.map((slot) => {
    const parts = Object.fromEntries(format.formatToParts(slot).map(({ type, value }) => [type, value]));
    return { time: `${parts['hour']}:${parts['minute']}`, offset: (parts['timeZoneName'] ?? '').replace('GMT', '') };
  });
  return [...Map.groupBy(times, ({ offset }) => offset)]
    .map(([offset, some]) => `${some.map(({ time }) => time).join(', ')} (${offset === '' ? '+00:00' : offset})`)
    .join('; ');
}

function change(timezone: string, when: string, at: string, hour: number): ClockChange {
  return { timezone, when, at: Date.parse(at), hour };
}
