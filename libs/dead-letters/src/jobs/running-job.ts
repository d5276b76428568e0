import type { DepthGate } from './depth-gate.ts';
import type { Holding } from './holding.ts';
import type { HeldJob } from './lease.ts';
import type { JobRunnerOptions } from './options.ts';
import type { Pace } from './pace.ts';

/** A job while it is run here. */
export interface RunningJob {
  readonly options: JobRunnerOptions;
  readonly holding: Holding;
  readonly gate: DepthGate;
  readonly pace: Pace;
  /** Fires when this process is to let go. */
  readonly over: AbortSignal;
  /** The batch that is being published while the next one is marked. Undefined: what is marked is not on its way. */
  sending: Promise<void> | undefined;
  lookedAt: number;
}

/** What comes after a step. Nobody else waits for it: all but the step itself is done outside of the job's turn. */
export type Next =
  | { readonly kind: 'step' }
  /** Once the broker has what is being published. */
  | { readonly kind: 'sent'; readonly sent: Promise<void> }
  /** After a while; `note` says what it waits for, in words. */
  | { readonly kind: 'wait'; readonly ms: number; readonly note: string | null }
  /** Its end: what it closed leaves RabbitMQ's queue of dead letters. */
  | { readonly kind: 'tidy'; readonly job: HeldJob }
  | { readonly kind: 'over' };

/** Waits until nothing is being published any more. */
export function onceSent(run: RunningJob, sending: Promise<void>): Next {
  const sent = sending.then(() => {
    run.sending = undefined;
  });
  return { kind: 'sent', sent: heard(sent) };
}

/** A promise whose rejection is heard of by whoever waits for it, be it later. */
export function heard<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
