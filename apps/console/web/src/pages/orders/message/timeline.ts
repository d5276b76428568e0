import type { Answer } from '../../../api/answers.ts';

export type Life = Answer<'/v0/pipelines/orders/messages/{message_id}'>;
type Event = Life['events'][number];
export type Attempt = Extract<Event, { kind: 'attempt' }>;

/** Attempts of which only the number is known: the log's TTL has removed them, or the log does not answer. */
interface Forgotten {
  readonly kind: 'forgotten';
  readonly round: number;
  readonly attempts: number;
  readonly why: 'expired' | 'unavailable';
}

/** One step in a message's life, as the page draws it. */
export type Step = Event | Forgotten | { readonly kind: 'under-way' };

/** The life of a message as the server tells it; neighbours that were forgotten are one step. Pure. */
export function timelineOf({ events, rest }: Pick<Life, 'events' | 'rest'>): Step[] {
  const steps: Step[] = [];
  for (const event of events) {
    const step = forgottenOf(event) ?? event;
    const before = steps.at(-1);
    if (step.kind === 'forgotten' && before?.kind === 'forgotten' && before.round === step.round) {
      steps.splice(-1, 1, { ...before, attempts: before.attempts + 1 });
    } else {
      steps.push(step);
    }
  }
  return rest === 'under-way' ? [...steps, { kind: 'under-way' }] : steps;
}

function forgottenOf(event: Event): Forgotten | undefined {
  if (event.kind !== 'attempt') return undefined;
  const { details, round } = event;
  const isForgotten = details === 'expired' || details === 'unavailable';
  return isForgotten ? { kind: 'forgotten', round, attempts: 1, why: details } : undefined;
}
