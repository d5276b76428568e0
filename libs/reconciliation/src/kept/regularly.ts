import { setTimeout as sleep } from 'node:timers/promises';
import { startReconciliation, type KeepOptions } from './keep.ts';

/** How often it is asked whether one is due, in milliseconds: not later than so much after the time. */
const LONGEST_ASK_MS = 60_000;

/** A reconciliation at regular times. */
export interface RegularOptions extends Omit<KeepOptions, 'unlessWithinMs' | 'signal'> {
  /** One begins when none has begun for so long, in milliseconds: in whichever process asks first. */
  readonly everyMs: number;
  /** Ends this, and a reconciliation that is under way. */
  readonly signal: AbortSignal;
  /** Hears of one that failed, and of an endput that can't be asked. The next one comes all the same. */
  readonly onError: (error: unknown) => void;
}

/** Reconciles whenever it is due, until the signal. Any number of processes may do so beside each other. */
export async function reconcileRegularly(options: RegularOptions): Promise<void> {
  const { everyMs, signal, onError } = options;
  while (!isOver(signal)) {
    try {
      const started = await startReconciliation({ ...options, unlessWithinMs: everyMs });
      if (started.kind === 'claimed') await started.done;
    } catch (error) {
      if (!isOver(signal)) onError(error);
    }
    await sleep(Math.min(everyMs, LONGEST_ASK_MS), undefined, { signal }).catch(() => undefined); // Aborted: it ends.
  }
}

const isOver = ({ aborted }: AbortSignal): boolean => aborted;
