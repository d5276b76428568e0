import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves when it holds; gives a reason (and is asked again) as long as it does not. */
export type Probe = () => Promise<string | undefined>;

/** Waits until the probe has no reason left to wait. Rejects after `timeoutMs` with the last reason. */
export async function until(
  probe: Probe,
  { timeoutMs, everyMs = 100 }: { timeoutMs: number; everyMs?: number },
): Promise<void> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const reason = await probe().catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
    if (reason === undefined) return;
    if (Date.now() >= end) throw new Error(reason);
    await sleep(everyMs);
  }
}
