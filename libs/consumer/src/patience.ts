/** How long others are held up for those that are to be alone, in milliseconds. */
export interface PatienceLimits {
  /** The most at once. */
  readonly longestMs: number;
  /** The most in all, after a time in which nobody was held up. */
  readonly totalMs: number;
  /** However much was spent. */
  readonly shortestMs: number;
}

/** What was left of the total at some time, in milliseconds. */
export interface Patience {
  readonly leftMs: number;
  readonly at: number;
}

/** What is spent comes back in ten times the time. */
const REGAINED = 1 / 10;

/** A minute at most, four minutes in all, and a second for each beyond that. @param longestMs for ever where it is infinite */
export function limitsOf(longestMs: number): PatienceLimits {
  return { longestMs, totalMs: 4 * longestMs, shortestMs: longestMs / 60 };
}

/** How long may be waited now: half of what is left, so that later ones are alone too. Pure. */
export function waitAt(patience: Patience, now: number, limits: PatienceLimits): number {
  return Math.max(limits.shortestMs, Math.min(limits.longestMs, leftAt(patience, now, limits) / 2));
}

/** What is left after so long a wait. Pure. */
export function waited(patience: Patience, waitedMs: number, now: number, limits: PatienceLimits): Patience {
  return { leftMs: Math.max(0, leftAt(patience, now, limits) - waitedMs), at: now };
}

function leftAt({ leftMs, at }: Patience, now: number, { totalMs }: PatienceLimits): number {
  return Math.min(totalMs, leftMs + (now - at) * REGAINED);
}
