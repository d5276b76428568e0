/** How long others may be held up for those that are to be alone, in milliseconds. */
export interface PatienceLimits {
  /** How long one is alone at most, and waits for those that run. */
  readonly longestMs: number;
  /** How long others are held up in all, after a time in which they were not. */
  readonly totalMs: number;
}

/** What was left of the total at some time, in milliseconds. */
export interface Patience {
  readonly leftMs: number;
  readonly at: number;
}

/** What was spent comes back in ten times the time. */
const REGAINED = 1 / 10;

/** Others are held up for as long as four are alone. @param longestMs for ever where it is infinite */
export function limitsOf(longestMs: number): PatienceLimits {
  return { longestMs, totalMs: 4 * longestMs };
}

/** How long others may be held up from now on. Pure. */
export function leftAt({ leftMs, at }: Patience, now: number, { totalMs }: PatienceLimits): number {
  return Math.min(totalMs, leftMs + (now - at) * REGAINED);
}

/** What is left after others were held up for so long, until now. Pure. */
export function heldUp(patience: Patience, heldMs: number, now: number, limits: PatienceLimits): Patience {
  return { leftMs: Math.max(0, leftAt(patience, now - heldMs, limits) - heldMs), at: now };
}
