import type { Publish } from '@esteira/pipeline';
import type { Postgres } from '@esteira/postgres';
import type { Redrivable } from '../redrivable.ts';

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
  /** Messages that wait in the lanes, and how many there may be before redriving pauses. */
  readonly laneDepth: () => Promise<number>;
  readonly maxLaneDepth: number;
  /** Takes what was closed out of RabbitMQ's queue of dead letters: after a job. */
  readonly tidy: () => Promise<void>;
  /** Names this process, unlike any other that runs; the same where it is started again in the place of an earlier one. */
  readonly holder: string;
  readonly leaseMs?: number;
  readonly batch?: number;
  /** Hears of every fault; the job goes on after a backoff, or stops itself where waiting is of no use. */
  readonly onFault: (error: unknown) => void;
}
