import { setTimeout as sleep } from 'node:timers/promises';
import type { Management } from './management.ts';

/** How far the counts of the management API may be behind, in milliseconds (`collect_statistics_interval`). */
const COUNTS_LAG_MS = 5_000;
const ASKED_EVERY_MS = 1_000;
/** Whoever holds messages for longer than this, in milliseconds, is at work: a broken connection is noticed before. */
const MOST_MS = 90_000;

/**
 * Waits until nobody holds messages of a queue: what a process that was killed had taken is seen by nobody until the
 * broker has noticed and put it back. It gives up after a minute and a half, where somebody else holds some at work.
 *
 * @param over ends the wait early.
 */
export async function untilPutBack(
  management: Pick<Management, 'queue'>,
  queue: string,
  over: AbortSignal,
): Promise<void> {
  const end = AbortSignal.any([over, AbortSignal.timeout(MOST_MS)]);
  const pause = (ms: number) => sleep(ms, undefined, { signal: end }).catch(() => undefined);
  await pause(COUNTS_LAG_MS);
  while (!end.aborted && ((await management.queue(queue))?.unacked ?? 0) > 0) await pause(ASKED_EVERY_MS);
}
