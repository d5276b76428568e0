import type { Order } from '@esteira/orders/domain';

/** How long each retry waits in the bench of retries, in milliseconds. */
export const RETRY_DELAY_MS = 200;

/** An order as a job of a peer carries it: plain JSON. */
export interface PeerJob {
  readonly message_id: string;
  /** For the simulated verifier, as in a message of Esteira. */
  readonly attempts_required: number;
  readonly order: Order;
}

/** Where a peer keeps its queue. */
export interface PeerPlace {
  /** A database of its own, on a Postgres server that does nothing else. */
  readonly queueUrl: string;
  readonly redisUrl: string;
  readonly rabbitmqUrl: string;
}

/** How jobs are stored and logged: many with one statement, or each with one of its own. */
export type Mode = 'coalesced' | 'one by one';

/** A job and its attempt, 1-based. */
export interface Attempted {
  readonly job: PeerJob;
  readonly attempt: number;
}

/** The job, the same for all: verified, stored where it succeeds, logged in any case. Then it may be acked. */
export interface Handler {
  readonly mode: Mode;
  /** How long to wait before the next attempt. */
  readonly retryDelayMs: number;
  /** One job. Where it is coalesced, jobs that are handled at once share their statements. True: it succeeded. */
  one(attempted: Attempted): Promise<boolean>;
  /** Jobs that the peer hands over together. */
  all(attempted: readonly Attempted[]): Promise<boolean[]>;
}

/**
 * A library that one would take in place of Esteira, doing the same job. One job an order: that is what lets each be
 * retried, inspected and removed by itself. (Many orders packed into one job would be faster in all of them, and in one
 * message of RabbitMQ too; it is another thing.)
 */
export interface Peer {
  readonly name: string;
  /** Makes what the queue needs in the place. */
  prepare(place: PeerPlace): Promise<void>;
  /** Opens the side that enqueues. The function resolves when all of the jobs are safely enqueued. */
  openProducer(place: PeerPlace, options: { maxAttempts: number; retryDelayMs: number }): Promise<Enqueue>;
  /** Starts the side that works. It works until its process ends. */
  startWorker(place: PeerPlace, handler: Handler): Promise<void>;
  /** Jobs that are not done. */
  left(place: PeerPlace): Promise<number>;
}

export type Enqueue = (jobs: readonly PeerJob[]) => Promise<void>;
