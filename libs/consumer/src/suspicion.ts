import type { CrashesCounted } from '@esteira/dead-letters';

/** How often in a row a message may end its consumer, handled alone, before it is given up. */
export const CRASH_BUDGET = 5;
/**
 * How often its consumer may end while a message runs beside others, as the only suspect. That proves little: a kill from
 * outside looks the same. But one that never came to its end by then would not come to it.
 */
export const BESIDE_BUDGET = 25;

/** How suspect a message is: a crash beside others counts for a fifth of one alone. Pure. */
export function suspicionOf({ alone, beside }: CrashesCounted): number {
  return alone * (BESIDE_BUDGET / CRASH_BUDGET) + beside;
}

/**
 * Which of several suspects is alone next: the one with the most crashes, and among equals whichever chance says. In a
 * fixed succession one that ends its process only after its minute would always have the same one after it, which would
 * pay for it: the most suspect first, it outlasts its minute and is cleared. Pure.
 *
 * @param suspects one at least
 * @param chance in [0, 1)
 * @returns its index
 */
export function nextSuspect(suspects: readonly CrashesCounted[], chance: number): number {
  const suspicions = suspects.map(suspicionOf);
  const most = Math.max(...suspicions);
  const equals = suspicions.flatMap((suspicion, index) => (suspicion === most ? [index] : []));
  return equals[Math.floor(chance * equals.length)] ?? 0;
}
