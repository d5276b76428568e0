import type { RetrySchedule } from '@esteira/pipeline';
import ms from 'ms';

/** The longest wait a schedule may ask for: a day, in milliseconds. */
const LONGEST_MS = 86_400_000;
/** The factor where none is given. */
const DOUBLING = 2;

const EXPONENTIAL = /^exponential:([^.,]+)\.\.([^.,]+)(?:,x(\d{1,3}(?:\.\d{1,3})?))?$/;

/**
 * Reads `RETRY_SCHEDULE`: a list of durations (`1s,10s,1m`), or `exponential:<first>..<cap>` with an optional factor
 * (`exponential:1s..5m`, `exponential:500ms..1h,x3`). A number without a unit is in milliseconds.
 */
export function parseRetrySchedule(text: string): RetrySchedule | { readonly problem: string } {
  return text.startsWith('exponential') ? parseExponential(text) : parseList(text);
}

function parseList(text: string): RetrySchedule | { readonly problem: string } {
  const parts = text.split(',').map((part) => part.trim());
  const delaysMs = parts.map(durationMs);
  const wrong = parts[delaysMs.indexOf(undefined)];
  if (wrong !== undefined)
    return {
      problem: `has a part that is no duration of 1ms to 1d: number ${parts.indexOf(wrong) + 1} (1s,10s,1m is a list)`,
    };
  return { kind: 'list', delaysMs: delaysMs as [number, ...number[]] };
}

function parseExponential(text: string): RetrySchedule | { readonly problem: string } {
  const [, first = '', cap = '', factorText] = EXPONENTIAL.exec(text) ?? [];
  const firstMs = durationMs(first);
  const capMs = durationMs(cap);
  const factor = factorText === undefined ? DOUBLING : Number(factorText);
  if (firstMs === undefined || capMs === undefined || capMs < firstMs || factor < 1) {
    return { problem: 'is not exponential:<first>..<cap> with a factor of at least 1 (exponential:1s..5m,x2)' };
  }
  return { kind: 'exponential', firstMs, factor, capMs };
}

function durationMs(text: string): number | undefined {
  if (!/^\d/.test(text)) return undefined;
  const value = ms(text.trim() as ms.StringValue) as number | undefined;
  const rounded = value === undefined ? Number.NaN : Math.round(value);
  return rounded >= 1 && rounded <= LONGEST_MS ? rounded : undefined;
}
