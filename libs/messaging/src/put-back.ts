import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker } from './broker.ts';
import type { Management } from './management.ts';
import { readyIn } from './ready-now.ts';

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
  broker: Broker,
  management: Pick<Management, 'queue'>,
  queue: string,
  over: AbortSignal,
): Promise<void> {
  const end = AbortSignal.any([over, AbortSignal.timeout(MOST_MS)]);
  const pause = (ms: number) => sleep(ms, undefined, { signal: end }).catch(() => undefined);
  await pause(COUNTS_LAG_MS);
  while (!end.aborted && (await isHeld(broker, management, queue))) await pause(ASKED_EVERY_MS);
}

/**
 * The broker itself knows what is ready; what is held, the management API alone, whose counts may be of a time before it was
 * taken, on a busy machine long after: then more was ready than is now.
 */
async function isHeld(broker: Broker, management: Pick<Management, 'queue'>, queue: string): Promise<boolean> {
  const counted = await management.queue(queue);
  if (counted === undefined) return false;
  if (counted.unacked > 0) return true;
  return (await readyIn(broker, queue)) < counted.ready;
}
