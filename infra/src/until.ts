import { setTimeout as sleep } from 'node:timers/promises';
import { ExecaError } from 'execa';

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
    const reason = await probe().catch((error: unknown) => because(error));
    if (reason === undefined) return;
    const hopeless = giveUp?.();
    if (hopeless !== undefined) throw hopeless;
    if (Date.now() >= end) throw new Error(reason);
    await sleep(everyMs);
  }
}

/** Why something failed, in few lines: of a program's complaints, the last ones. */
export function because(error: unknown): string {
  if (error instanceof ExecaError) {
    const { stderr }: { stderr?: unknown } = error;
    const said = typeof stderr === 'string' ? stderr.trim().split('\n').slice(-3) : [];
    return [error.shortMessage.split('\n')[0], ...said].filter((line) => line !== '').join('\n  ');
  }
  return error instanceof Error ? error.message : String(error);
}
