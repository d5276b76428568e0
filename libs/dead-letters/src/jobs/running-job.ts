import { LeaseLost } from '@esteira/lease';
import type { Publish } from '@esteira/pipeline';
import type { Postgres } from '@esteira/postgres';
import type { Redrivable } from '../redrivable.ts';
import { readHeld, type HeldJob, type Holding } from './lease.ts';
import type { DepthGate, Pace } from './limits.ts';

/** Items that are marked by one statement and published together, where nothing else is said. */
export const BATCH = 500;

/** What running jobs takes. */
export interface JobRunnerOptions {
  readonly sql: Postgres;
  readonly redrivable: Redrivable;
  /** To the pipeline's exchange, mandatory and confirmed. */
  readonly publish: Publish;
  /** For messages of which nobody knows how many attempts they have. */
  readonly maxAttempts: number;
  /** Messages that wait in a lane, and how many there may be before redriving to it pauses. */
  readonly laneDepth: (lane: string) => Promise<number>;
  /** Of lanes that have no limit of their own. */
  readonly maxLaneDepth: number;
  /** Takes what was closed out of RabbitMQ's queue of dead letters: after a job. */
  readonly tidy: () => Promise<void>;
  /** Waits until the broker has put back what a process that is gone had taken of that queue. */
  readonly untilPutBack: (over: AbortSignal) => Promise<void>;
  /** Names this process, unlike any other that runs; the same where it is started again in the place of an earlier one. */
  readonly holder: string;
  readonly leaseMs?: number;
  readonly batch?: number;
  /** Hears of every fault; the job goes on after a backoff, or stops itself where waiting is of no use. */
  readonly onFault: (error: unknown) => void;
}

/** How many items of each lane a job still has before it. */
export interface Left {
  readonly byLane: Map<string | null, number>;
  /** They are counted again once the job is past this item: a dead letter that moved meanwhile may have changed its lane. */
  readonly countedUpTo: number;
}

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
  /** What is left, by lane; undefined until a lane is full, and after a fault. */
  left: Left | undefined;
  lookedAt: number;
}

/** What comes after a step. Nobody else waits for it: all but the step itself is done outside of the job's slot. */
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
  return { kind: 'sent', sent: handled(sent) };
}

/** A promise whose rejection is handled by whoever waits for it, be it later. */
export function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** A pause, a cancel: the job is ours, but no longer running. The next step looks what it is now. @throws LeaseLost */
export function unlessItMoved({ options: { sql } }: RunningJob, job: HeldJob) {
  return async (error: unknown): Promise<undefined> => {
    if (!(error instanceof LeaseLost)) throw error;
    await readHeld(sql, job);
    return undefined;
  };
}
