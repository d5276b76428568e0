import type { HandlerOutcome } from '@esteira/pipeline';

/** What a type of a user's own knows beside the payload. */
export interface UserTaskContext {
  /** UUID: the same for every copy and every attempt of this task. */
  readonly taskId: string;
  /** The name that the task was asked for by. */
  readonly type: string;
  readonly scheduleId: string | null;
  /** The due time of its schedule that it was made for: ISO 8601, UTC. */
  readonly slot: string | null;
  /** The longest this attempt may take, in milliseconds. */
  readonly timeoutMs: number;
  /** 1-based. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** 1 for the first journey, one more at each redrive. */
  readonly round: number;
  /** Fires when the attempt has run out of time; a moment later its thread is ended. */
  readonly signal: AbortSignal;
}

/**
 * A type of task of a user's own. A module exports a list of them as `taskTypes`, or by default.
 *
 * `run` answers `{ kind: 'succeeded', result? }`, `{ kind: 'retry', error: { code, message }, afterMs? }`,
 * `{ kind: 'dead-letter', error }`, or `{ kind: 'return', fault }` when it can't do its work at all now: then no attempt
 * is spent, and everything in its lane waits until it can. What it throws is a retry.
 */
export interface UserTaskType {
  readonly name: string;
  /** Other names that it answers to. */
  readonly aliases?: readonly string[];
  /** For people, in one sentence. */
  readonly description?: string;
  /** JSON Schema of the payload: `run` gets only what keeps to it. */
  readonly payload: object;
  /** The payload may be given the type that its schema describes. */
  run(payload: unknown, context: UserTaskContext): HandlerOutcome | Promise<HandlerOutcome>;
}
