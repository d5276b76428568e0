import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves with nothing when it holds, with a reason (and is asked again) as long as it does not. */
export type Probe = () => Promise<string | undefined>;

interface Patience {
  readonly timeoutMs: number;
  readonly everyMs?: number;
  /** An error here ends the waiting at once. */
  readonly giveUp?: () => Error | undefined;
}

/** Waits until the probe has no reason left to wait. Rejects after `timeoutMs` with the last reason. */
export async function until(probe: Probe, { timeoutMs, everyMs = 100, giveUp }: Patience): Promise<void> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const reason = await probe().catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
    if (reason === undefined) return;
    const hopeless = giveUp?.();
    if (hopeless !== undefined) throw hopeless;
    if (Date.now() >= end) throw new Error(reason);
    await sleep(everyMs);
  }
}
