/** Messages that find out together, after a fault, whether things work again: one that fails alone tells nothing of others. */
const PROBES = 2;

/** What a session of messages that are consumed each by itself may hold. */
export interface IntakeWindow {
  /** Held at once while all is well, those that run included. */
  readonly prefetch: number;
  /** Of earlier sessions, and still running; but for those whose copies this session holds. */
  readonly elsewhere: number;
  /** How many may find out whether things work; for ever many when that is known. */
  readonly probes: number;
}

/**
 * How many messages a session may hold. With what still runs of earlier sessions it is never more than the prefetch, so
 * that none waits for longer than if there had been no fault. Pure.
 */
export function windowOf({ prefetch, elsewhere, probes }: IntakeWindow): number {
  return Math.max(0, Math.min(prefetch - elsewhere, probes));
}

/** How many probe at first. Pure. */
export function firstProbes(isProbing: boolean, concurrency: number): number {
  return isProbing ? Math.min(PROBES, concurrency) : Number.POSITIVE_INFINITY;
}
