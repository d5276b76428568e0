import { isBeyond } from './classify.ts';
import type { Position } from './rows.ts';

/** How long an open row has been watched: by what has passed it, not by the clock alone. */
export interface Watch {
  /** How often its message must have been attempted since, if there is one. */
  readonly passes: number;
  /** Since when, in milliseconds, the next pass is waited for. */
  readonly since: number;
  /** Its message waits for no retry any more: if it is anywhere, it is in a lane, before what comes after this. */
  readonly behind?: Position;
}

/** How far a system has come at a reconciliation. */
export interface Come {
  /** In milliseconds. */
  readonly now: number;
  /** The longest that a message waits for a retry, and a count lags, in milliseconds. */
  readonly longestWaitMs: number;
  /** The last row that was published. */
  readonly cursor: Position | undefined;
  /** The row that was published last of those at rest. */
  readonly newestAtRest: Position | undefined;
  /** Whether no lane held a message when the broker was asked. */
  readonly areLanesEmpty: boolean;
}

/** A place before every row. */
const ORIGIN: Position = { transactionId: '0', id: '-9223372036854775808' };

/**
 * Goes on watching a row. A lane is first in, first out, and nothing waits for longer than the longest wait. So once that
 * is over and a row that was published afterwards is at rest, or the lanes are empty, a message of this row must have
 * been attempted: one pass. Pure.
 */
export function watched(before: Watch | undefined, come: Come): Watch {
  const { now, longestWaitMs, cursor, newestAtRest, areLanesEmpty } = come;
  if (before === undefined) return { passes: 0, since: now };
  const { passes, since, behind } = before;
  const mayStillWait = now < since + longestWaitMs;
  if (mayStillWait) return before;
  const isPassed = behind !== undefined && newestAtRest !== undefined && isBeyond(newestAtRest, behind);
  if (areLanesEmpty || isPassed) return { passes: passes + 1, since: now };
  return behind === undefined ? { passes, since, behind: cursor ?? ORIGIN } : before;
}
