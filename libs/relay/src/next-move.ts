import type { CursorView, RunRequest } from './cursor.ts';

/** What a process remembers of its own runs. */
export interface RunMemory {
  /** A run that was to follow its source, and lost its cursor. */
  readonly lost?: { readonly request: RunRequest; readonly heldSince: number };
  /** A run that ended because it was asked to stop. */
  readonly stopped?: string;
}

/** What a process that has no run is to do next. */
export type NextMove = 'nothing' | 'take-up' | 'start-again' | 'stop';

/**
 * Pure. A run that nobody holds any more is taken up, whatever it was: who started it expects it to go on. After a stop
 * it is not: a stop that could not be written down while Redis was away is written down now.
 *
 * A run that follows and finds its cursor gone, or as it was before it held it, did not end: Redis was emptied or came
 * back with an older state. It starts again, as a new run, from what is there. A later holder of the cursor, or a stop
 * by somebody else, is the later word.
 */
export function nextMove(view: CursorView, { lost, stopped }: RunMemory): NextMove {
  if (view.status === 'RUNNING') {
    if (view.runId === stopped) return 'stop';
    return view.interrupted ? 'take-up' : 'nothing';
  }
  const isEarlier = lost !== undefined && (view.heldSince ?? 0) < lost.heldSince;
  return isEarlier && view.status !== 'ERROR' ? 'start-again' : 'nothing';
}
