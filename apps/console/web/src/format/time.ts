const local = (options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat('en-GB', { hourCycle: 'h23', ...options });
const clock = local({ hour: '2-digit', minute: '2-digit', second: '2-digit' });
const dayAndClock = local({ day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit' });
const everything = local({ dateStyle: 'medium', timeStyle: 'medium' });

/**
 * An instant in the viewer's zone, as short as it is clear: today's by the clock alone, this year's without the year.
 *
 * @param iso - ISO 8601 text. What can't be read is shown as it is.
 */
export function shortTime(iso: string, now: Date): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  if (at.toDateString() === now.toDateString()) return clock.format(at);
  return (at.getFullYear() === now.getFullYear() ? dayAndClock : everything).format(at);
}

/** The same instant in UTC, every digit kept that the server knows: `2026-01-31 12:00:00.123456 UTC`. */
export function utcTime(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const digits = /[.](\d+)/.exec(iso)?.[1];
  const seconds = at.toISOString().slice(0, 19).replace('T', ' ');
  return `${seconds}${digits === undefined ? '' : `.${digits}`} UTC`;
}

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
] as const;

/** `0.4 ms`, `230 ms`, `12 s`, `3 min 5 s`, `2 h 10 min`, `4 d 1 h`: two units at most. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${ms < 10 ? Number(ms.toPrecision(2)) : Math.round(ms)} ms`;
  const seconds = ms / 1_000;
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  const rounded = Math.round(seconds);
  for (const [index, [unit, size]] of UNITS.entries()) {
    if (rounded < size) continue;
    const [smaller, step] = UNITS[index + 1] ?? ['s', 1];
    const rest = Math.floor((rounded % size) / step);
    const large = `${Math.floor(rounded / size)} ${unit}`;
    return rest === 0 ? large : `${large} ${rest} ${smaller}`;
  }
  return `${rounded} s`;
}

/** How long ago: `just now`, `12 s ago`; a clock that is a little ahead is no future. */
export function ago(iso: string, now: Date): string {
  const ms = now.getTime() - new Date(iso).getTime();
  if (Number.isNaN(ms)) return iso;
  return ms < 1_500 ? 'just now' : `${duration(ms)} ago`;
}
