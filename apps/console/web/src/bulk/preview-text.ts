import { count, counted } from '../format/number.ts';
import { duration, shortTime } from '../format/time.ts';
import type { Pipeline } from '../pipeline/query.ts';
import type { RedriveOptions } from './redrive-options.ts';
import type { BulkAction, Preview } from './selection.ts';

/** How long a redrive takes, in milliseconds: at least, and where every message needs its last attempt. */
interface Takes {
  readonly least: number;
  readonly most: number;
  /** Of the longest: the waits of one message between its attempts. */
  readonly wait: number;
}

/** How long a redrive takes. Those that go first are waited for before the others follow. Pure. */
export function takesOf(
  { total, canary, max_attempts: usual, waits_ms: waits }: Preview,
  options: RedriveOptions,
): Takes {
  const least = leastDuration(total, options.ratePerSecond);
  const wait = waits[(options.maxAttempts ?? usual) - 1] ?? waits.at(-1) ?? 0;
  const isInTwo = canary > 0 && canary < total;
  return { least, wait, most: least + wait * (isInTwo ? 2 : 1) };
}

/** How long so many take to be sent, in milliseconds. Pure. */
const leastDuration = (letters: number, ratePerSecond: number): number => (letters / ratePerSecond) * 1_000;

/**
 * How many, of where and why, what would change nothing, and how long it takes. Pure.
 *
 * @param options undefined where some are given that can't be
 */
export function previewText(
  action: BulkAction,
  preview: Preview,
  options: RedriveOptions | undefined,
  now: Date,
  { origin }: Pick<Pipeline['words'], 'origin'>,
): readonly (readonly [name: string, value: string])[] {
  const { total, by_origin: origins, by_reason: reasons, not_dead: notDead } = preview;
  const byOrigin = origins.map(({ origin: from, count: n }) => `${from ?? 'unknown'} ${count(n)}`).join(', ');
  const byReason = reasons
    .map(({ reason, error_code, count: n }) => `${reason} (${error_code}) ${count(n)}`)
    .join(', ');
  return [
    ['Dead letters', count(total)],
    [`${origin}s`, byOrigin || '–'],
    ['Reasons', byReason || '–'],
    ['Stored already', unchanged(preview.already_stored)],
    ...(notDead > 0 ? [['Not dead any more', unchanged(notDead)] as const] : []),
    ...(action === 'redrive' ? redriveText(preview, options, now) : []),
  ];
}

function redriveText(preview: Preview, options: RedriveOptions | undefined, now: Date): (readonly [string, string])[] {
  const { total, perhaps_unreadable: perhapsUnreadable, canary } = preview;
  const facts: (readonly [string, string])[] = [];
  if (perhapsUnreadable > 0)
    facts.push(['Never edited', `${count(perhapsUnreadable)} invalid ones: what still can't be read stays as it is`]);
  // Where all of them go at once, none goes first.
  if (canary > 0 && canary < total)
    facts.push(['Canary', `${counted(canary, 'message')} first; the others follow when those come to a good end`]);
  if (options === undefined) return [...facts, ['At this rate', '–']];
  const { least, most, wait } = takesOf(preview, options);
  facts.push(['At this rate', `${duration(least)} at least, ${untilText(least, now)}`]);
  if (wait > 0) facts.push(['With retries', retriesText(most, wait, canary > 0 && canary < total, now)]);
  return facts;
}

const unchanged = (value: number) => (value === 0 ? 'none' : `${count(value)}: would change nothing`);

const untilText = (takes: number, now: Date) =>
  `until about ${shortTime(new Date(now.getTime() + takes).toISOString(), now)}`;

const retriesText = (takes: number, wait: number, isInTwo: boolean, now: Date) =>
  `up to ${duration(takes)}, ${untilText(takes, now)}: a message that needs its last attempt waits ${duration(wait)} between them${isInTwo ? ', and the others wait for those that go first' : ''}`;
