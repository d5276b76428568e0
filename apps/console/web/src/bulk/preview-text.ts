import { count, counted } from '../format/number.ts';
import { duration, shortTime } from '../format/time.ts';
import type { BulkAction, Preview } from './selection.ts';

/** How long a redrive of so many takes at least, in milliseconds. Pure. */
export const leastDuration = (letters: number, ratePerSecond: number): number => (letters / ratePerSecond) * 1_000;

/**
 * How many, of where and why, what would change nothing, and how long it takes. Pure.
 *
 * @param ratePerSecond undefined where none is given that can be
 */
export function previewText(
  action: BulkAction,
  preview: Preview,
  ratePerSecond: number | undefined,
  now: Date,
): readonly (readonly [name: string, value: string])[] {
  const { total, by_system: systems, by_reason: reasons, not_dead: notDead } = preview;
  const bySystem = systems.map(({ system, count: n }) => `${system ?? 'unknown'} ${count(n)}`).join(', ');
  const byReason = reasons
    .map(({ reason, error_code, count: n }) => `${reason} (${error_code}) ${count(n)}`)
    .join(', ');
  return [
    ['Dead letters', count(total)],
    ['Systems', bySystem || '–'],
    ['Reasons', byReason || '–'],
    ['Stored already', unchanged(preview.already_stored)],
    ...(notDead > 0 ? [['Not dead any more', unchanged(notDead)] as const] : []),
    ...(action === 'redrive' ? redriveText(preview, ratePerSecond, now) : []),
  ];
}

function redriveText(
  { total, perhaps_unreadable: perhapsUnreadable, canary }: Preview,
  ratePerSecond: number | undefined,
  now: Date,
): (readonly [string, string])[] {
  const facts: (readonly [string, string])[] = [];
  if (perhapsUnreadable > 0)
    facts.push(['Never edited', `${count(perhapsUnreadable)} invalid ones: what still can't be read stays as it is`]);
  // Where all of them go at once, none goes first.
  if (canary > 0 && canary < total)
    facts.push(['Canary', `${counted(canary, 'message')} first; the others follow when those come to a good end`]);
  facts.push(['At this rate', ratePerSecond === undefined ? '–' : rateText(leastDuration(total, ratePerSecond), now)]);
  return facts;
}

const unchanged = (value: number) => (value === 0 ? 'none' : `${count(value)}: would change nothing`);

const rateText = (takes: number, now: Date) =>
  `${duration(takes)} at least, until about ${shortTime(new Date(now.getTime() + takes).toISOString(), now)}`;
