import type { Fault } from '@esteira/pipeline';

/** What a consumer holds of message bodies at most, in bytes, whatever its prefetch allows. */
export const MAX_HELD_BYTES = 64 * 2 ** 20;
/** The fault of a session whose messages are larger than its prefetch is good for. */
export const HELD_TOO_MUCH = 'held-too-much';
/**
 * How long a consumer's stop may take beyond the time for what runs, in milliseconds: RabbitMQ is asked to cancel, and to
 * close its channel. One that fell silent answers neither; what it was not told it finds out by the heartbeat.
 */
export const LEAVING_MS = 2_000;
/** No fault: what a stop ends with. */
export const STOPPED = 'stopped';

/** One stretch of consuming on one channel, from the first delivery to a fault or a stop. */
export interface Session {
  /** Resolves when this session can't go on, or was stopped. */
  readonly fault: Promise<Fault>;
  /** Whether a message was acked, and none came back of those that are consumed each by itself. */
  readonly progressed: boolean;
  /** Stops taking and waits for what runs, at most `withinMs`; what still runs then is given back. */
  stop(withinMs: number): Promise<void>;
  /** Stops taking, and gives back what has not begun. Resolves when the next session may begin. */
  leave(): Promise<void>;
  /** Whether nothing of it runs any more, and its channel is closed. */
  readonly isOver: boolean;
}
