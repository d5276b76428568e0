import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Does some work again and again, the first time after a wait, never twice at once. Work that resolves with `false` was
 * the last. A rejection goes to `onFault`, and the work is tried again like any other time.
 *
 * @param everyMs between the end of one and the beginning of the next, in milliseconds.
 * @returns what ends it; it resolves when none is under way any more.
 */
export function repeatedly(
  everyMs: number,
  work: () => Promise<unknown>,
  onFault: (fault: unknown) => void,
): () => Promise<void> {
  const ending = new AbortController();
  const loop = async () => {
    for (;;) {
      await sleep(everyMs, undefined, { signal: ending.signal }).catch(() => undefined); // Ended: the next line sees it.
      if (ending.signal.aborted) return;
      try {
        if ((await work()) === false) return;
      } catch (fault) {
        onFault(fault);
      }
    }
  };
  const over = loop();
  return async () => {
    ending.abort();
    await over;
  };
}
