import type { RunError } from './cursor.ts';

/**
 * How a run ends. `finished`: at the watermark. `stopped`: asked to. `closed`: its process ends; the run counts as
 * interrupted. `error`: a person is needed. `lost`: the cursor is no longer this run's, so nothing more is written.
 */
export type RunEnd =
  | { readonly kind: 'finished' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'closed' }
  | { readonly kind: 'error'; readonly error: RunError }
  | { readonly kind: 'lost'; readonly why: 'gone' | 'taken' };

/** Thrown by a step of a run that ends it; anything else that is thrown is a fault, and tried again. */
export class RunEnded extends Error {
  readonly end: RunEnd;

  constructor(end: RunEnd) {
    super(end.kind === 'error' ? end.error.message : `The run is ${end.kind}`);
    this.name = 'RunEnded';
    this.end = end;
  }
}
