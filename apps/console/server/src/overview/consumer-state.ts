import type { ConsumerReport } from './consumer-metrics.ts';
import type { OutcomeRates, Overview } from './schema.ts';

type ConsumerState = Pick<Overview['consumers'][number], 'state' | 'why'>;

/** What brings a message on; what is given back does not. */
const HANDLED = ['succeeded', 'retry', 'dead-letter', 'skip'] as const satisfies readonly (keyof OutcomeRates)[];

/**
 * What a consumer that answers is doing. Pure. Idle is only one that could work and has nothing to.
 *
 * @param ready messages in the lane that no consumer has taken; undefined where that is not known.
 */
export function consumerState(
  { consuming, why }: Pick<ConsumerReport, 'consuming' | 'why'>,
  perSecond: OutcomeRates,
  ready: number | undefined,
): ConsumerState {
  if (why !== undefined) return { state: 'not-ready', why };
  if (!consuming) return { state: 'not-ready', why: 'It does not take messages right now.' };
  if (HANDLED.some((outcome) => perSecond[outcome] > 0)) return { state: 'working', why: null };
  if (perSecond.return > 0) return { state: 'waiting', why: 'It gives back what it takes; its log says why.' };
  if (ready === undefined) return { state: 'idle', why: 'Whether there is anything to do is not known now.' };
  if (ready === 0) return { state: 'idle', why: null };
  const messages = ready === 1 ? '1 message is' : `${ready.toLocaleString('en-US')} messages are`;
  return { state: 'waiting', why: `${messages} ready, and it handles none right now.` };
}
