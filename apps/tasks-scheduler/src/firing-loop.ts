import { setTimeout as sleep } from 'node:timers/promises';
import { tick, type Firing } from './tick.ts';

/** The least time from one tick to the next, in milliseconds: what comes due meanwhile shares a statement. */
const TICK_MS = 10;
/** The longest it sleeps while nothing is due, in milliseconds: a schedule that was just made may be due before. */
const LONGEST_SLEEP_MS = 100;
/** How long it waits after a tick that failed, in milliseconds. */
const AFTER_FAULT_MS = 250;

/** One tick after the other, whenever something is due. What is returned ends it. */
export function fireUntilStopped(
  firing: Firing,
  fired: (tasks: number) => void,
  onFault: (error: unknown) => void,
): () => Promise<void> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const pause = (ms: number) => sleep(ms, undefined, { signal }).catch(() => undefined); // Stopped: the loop sees it.
  const fire = async () => {
    const beganAt = performance.now();
    try {
      fired(await tick(firing, Date.now()));
    } catch (error) {
      onFault(error);
      await pause(AFTER_FAULT_MS);
    }
    const restMs = TICK_MS - (performance.now() - beganAt);
    if (restMs > 0) await pause(restMs);
  };
  const loop = async () => {
    while (!signal.aborted) {
      const dueInMs = (firing.plan.nextAt() ?? Infinity) - Date.now();
      await (dueInMs > 0 ? pause(Math.min(Math.max(dueInMs, TICK_MS), LONGEST_SLEEP_MS)) : fire());
    }
  };
  const over = loop();
  return async () => {
    stopping.abort();
    await over;
  };
}
