import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Does some work again and again, the first time after a wait, never twice at once. A rejection goes to `onFault`, and
 * the work is tried again like any other time.
 *
 * @param everyMs between the end of one and the beginning of the next, in milliseconds.
 * @returns what ends it; it resolves when none is under way any more.
 */
export function repeatedly(
  everyMs: number,
  work: () => Promise<void>,
  onFault: (fault: unknown) => void,
): () => Promise<void> {
  const ending = new AbortController();
  const loop = async () => {
    for (;;) {
      await sleep(everyMs, undefined, { signal: ending.signal }).catch(() => undefined);
      if (ending.signal.aborted) return;
      await work().catch(onFault);
    }
  };
  const over = loop();
  return async () => {
    ending.abort();
    await over;
  };
}
