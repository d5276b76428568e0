import type { DeadLetterReason } from './outcome.ts';

const PRESENT = {
  'refused-by-verifier': 'refused',
  'rejected-by-endput': 'rejected-by-store',
} as const satisfies Readonly<Record<string, DeadLetterReason>>;

/** What earlier releases called a reason. */
export type FormerReason = keyof typeof PRESENT;

/**
 * What earlier releases called reasons. Dead letters were migrated; attempts that have not expired yet, addresses that
 * people saved and their scripts still say it.
 */
export const FORMER_REASONS = Object.keys(PRESENT) as readonly FormerReason[];

/** A reason, or the code of an error that is called as its reason, in the words of this release. Pure. */
export function inPresentWords(word: DeadLetterReason | FormerReason): DeadLetterReason;
export function inPresentWords(word: string): string;
export function inPresentWords(word: string): string {
  return Object.hasOwn(PRESENT, word) ? PRESENT[word as FormerReason] : word;
}
