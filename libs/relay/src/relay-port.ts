import type { Logger } from '@esteira/observability';
import type { Publish } from '@esteira/pipeline';
import type { ActivityView } from './activity.ts';
import type { CursorView, RunRequest } from './cursor.ts';
import type { CursorName } from './keys.ts';
import type { PageSource } from './page-source.ts';

/** Why a run was not started, or a cursor not cleared. */
export interface RunRefusal {
  readonly code: 'already-running' | 'in-error';
  readonly message: string;
  readonly runId?: string;
}

/** Empties one source. Everything that asks Redis rejects with a RedisFault, within seconds, while it is down. */
export interface Relay {
  /** Starts a run in the background. */
  run(
    request: RunRequest,
  ): Promise<
    { readonly started: true; readonly runId: string } | { readonly started: false; readonly refusal: RunRefusal }
  >;
  /**
   * From now on, takes up a run of the system that was interrupted, whichever process had it, as it was asked for; and
   * starts a run again that follows its source when its cursor is gone from Redis. Of several processes one takes it.
   */
  watch(): void;
  /**
   * Stops the run of the system after the page at hand, also where another process has it, or nobody any more; it is not
   * taken up again. Resolves when it has ended; after 20 s also while its holder still finishes.
   */
  stop(): Promise<{ readonly stopped: boolean }>;
  /** Deletes the cursor: the next run publishes everything again. Refused while a live run holds it. */
  clear(): Promise<{ readonly cleared: true } | { readonly cleared: false; readonly refusal: RunRefusal }>;
  /** Leaves ERROR and keeps the cursor. */
  unblock(): Promise<{ readonly unblocked: boolean }>;
  /**
   * The cursor, and what the run of this process does when it is the one that holds it. `notice` tells that a run of
   * this process lost its cursor, until the next request to run, stop or clear.
   */
  status(): Promise<{ readonly cursor: CursorView; readonly activity?: ActivityView; readonly notice?: string }>;
  /** The run that goes on in this process, as far as it knows: Redis is not asked. */
  runHere(): string | undefined;
  /** Rejects with a RedisFault when Redis can't be used, also when it may evict cursors. */
  ready(): Promise<void>;
  /** Ends a run after the page at hand; it counts as interrupted at once and is taken up elsewhere. */
  close(): Promise<void>;
}

/** What a relay needs. */
export interface RelayOptions {
  /** Whose cursor it moves. */
  readonly cursor: CursorName;
  readonly redisUrl: string;
  readonly source: PageSource;
  readonly publish: Publish;
  /** What people call the place it publishes to, for example `exchange esteira.things`. */
  readonly target?: string;
  /** How many messages a lane holds. Without it publishing never pauses. */
  readonly depth?: (lane: string) => Promise<number>;
  readonly pageSize: number;
  /** How many it may hold before publishing to it pauses. */
  readonly maxLaneDepth: (lane: string) => number;
  readonly leaseMs: number;
  /** How often a run that follows its source looks for rows while none come, in milliseconds; 100 by default. */
  readonly followPollMs?: number;
  /** Why the broker takes no messages, while it doesn't: for people who wonder why nothing moves. */
  readonly blocked?: () => string | undefined;
  /**
   * How long `stop` and `close` wait for the confirms of pages in flight, in milliseconds; 5,000 by default. Pages that
   * are not confirmed by then are published again by the next run.
   */
  readonly landingMs?: number;
  readonly logger: Logger;
  /** Milliseconds since the epoch, for the time a run was started at. */
  readonly now?: () => number;
}
