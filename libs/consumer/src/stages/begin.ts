import type { Postgres } from '@esteira/postgres';
import type { Effect } from '../effect.ts';
import type { Begun, Content, Recalled } from '../work.ts';

/** What beginning asks. */
export interface Beginnings<M> {
  readonly endput: Postgres;
  readonly effect: Pick<Effect<M>, 'states'>;
  readonly worker: string;
}

/** A message that an attempt may be made of, unless its store says otherwise. */
type Attemptable<M> = Recalled<M> & { readonly content: Content<M> & { readonly kind: 'readable' } };

function isAttemptable<M>({ content, rest }: Recalled<M>): boolean {
  return content.kind === 'readable' && rest === undefined;
}

/**
 * Takes each message in hand that an attempt is to be made of, where the pipeline's store keeps a state of it: one statement
 * for the batch. What it does not give is skipped.
 */
export async function begin<M>(batch: readonly Recalled<M>[], beginnings: Beginnings<M>): Promise<readonly Begun<M>[]> {
  const { endput, effect, worker } = beginnings;
  if (effect.states === undefined) return batch;
  const works = batch.filter((work): work is Attemptable<M> => isAttemptable(work));
  if (works.length === 0) return batch;
  const asked = works.map(({ attempt, content: { message }, delivery: { redelivered } }) => {
    return { attempt, message, redelivered };
  });
  const tokens = await effect.states.begin(endput, asked, worker);
  const begun = new Map<Recalled<M>, Begun<M>>(works.map((work, index) => [work, withToken(work, tokens[index])]));
  return batch.map((work) => begun.get(work) ?? work);
}

function withToken<M>(work: Recalled<M>, token: number | 'taken' | 'unknown' | undefined): Begun<M> {
  if (token === undefined) throw new Error(`Nobody said whether message ${work.attempt.messageId} may be attempted.`);
  return typeof token === 'number' ? { ...work, token } : { ...work, notBegun: token };
}
