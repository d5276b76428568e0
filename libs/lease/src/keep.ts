import { repeatedly } from './repeatedly.ts';

/** The longest between two renewals, in milliseconds: a holder hears so soon that its lease is lost. */
const LONGEST_WAIT_MS = 1_000;

/** What keeping a lease needs. */
export interface KeepOptions {
  /** For how long it is taken and renewed, in milliseconds. */
  readonly forMs: number;
  /** Renews it; false where it is lost, which ends the renewing. */
  readonly renew: () => Promise<boolean>;
  /** Hears of a renewal that failed. It is left to the next one; another process may take the lease when it is over. */
  readonly onFault: (fault: unknown) => void;
}

/**
 * Renews a lease in the background, at least three times in its length, never twice at once.
 *
 * @returns what ends the renewing; it resolves when no renewal is under way any more.
 */
export function keepLease({ forMs, renew, onFault }: KeepOptions): () => Promise<void> {
  return repeatedly(Math.min(forMs / 3, LONGEST_WAIT_MS), renew, onFault);
}
