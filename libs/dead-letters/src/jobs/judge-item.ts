import type { DeadLetterState } from '../filter.ts';
import type { Redrivable } from '../redrivable.ts';
import type { JobAction } from './job.ts';

/** A dead letter that a job has come to, as it is now. */
export interface Candidate {
  readonly state: DeadLetterState;
  /** The round it is in now, and the one it was in when it was chosen. */
  readonly round: number;
  readonly chosenRound: number;
  /** Whether this very message is stored. */
  readonly isStored: boolean;
  /** Null where it does not matter. */
  readonly body: Buffer | null;
}

/** What a job does with a dead letter. Only `done` changes anything; `sendAs` is the id that its body proves. */
export type ItemOutcome =
  | { readonly outcome: 'done'; readonly sendAs: string | null }
  | { readonly outcome: 'at-rest' | 'moved' | 'unreadable' };

/** Decides what a job does with a dead letter. Pure. */
export function judgeItem(action: JobAction, candidate: Candidate, readBody: Redrivable['readBody']): ItemOutcome {
  const { state, round, chosenRound, isStored, body } = candidate;
  if (state !== 'dead' || round !== chosenRound) return { outcome: 'moved' };
  if (isStored) return { outcome: 'at-rest' };
  if (action === 'discard') return { outcome: 'done', sendAs: null };
  const identity = readBody(body ?? Buffer.alloc(0));
  // It would be dead again at once, and one without an id of its own under another one.
  return 'problem' in identity ? { outcome: 'unreadable' } : { outcome: 'done', sendAs: identity.messageId };
}
