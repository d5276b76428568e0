import { Counter, TalliedHistogram, type Metrics, type Tally } from '@esteira/observability';
import { diedOfAnAttempt, type Pipeline } from '@esteira/pipeline';
import type { Decided } from './work.ts';

const LABELS = ['pipeline', 'lane'];
/** In seconds: an attempt may take a millisecond or minutes, a wait may take a day. */
const OF_AN_ATTEMPT = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900];
const OF_A_WAY = [1, 2, 5, 10, 30, 60, 300, 900, 3_600, 14_400, 86_400];
/** The label of what came by a queue that is no lane: somebody moved it on RabbitMQ's page. */
const NO_LANE = 'none';

/** What is measured of the messages of one lane. */
interface LaneMeasures {
  readonly duration: Tally;
  readonly wait: Tally;
  readonly toRest: Tally;
  readonly deaths: (reason: string) => void;
  /** When the message was sent that was taken last, in seconds since 1970; of those before their first attempt. */
  lastSent?: number;
}

/** Measures what happens to messages, by pipeline and lane. */
export class Measures {
  readonly #lanes: ReadonlyMap<string, LaneMeasures>;
  readonly #noLane: LaneMeasures;

  constructor({ name: pipeline, lanes }: Pipeline, register: Metrics) {
    const of = (name: string, help: string, buckets: readonly number[]) =>
      new TalliedHistogram({ name, help, labelNames: LABELS, buckets, register });
    const duration = of('esteira_attempt_seconds', 'How long attempts took.', OF_AN_ATTEMPT);
    const wait = of(
      'esteira_wait_seconds',
      'How long messages waited from being sent to their first attempt, to the second.',
      OF_A_WAY,
    );
    const toRest = of('esteira_rest_seconds', 'The time from the row at its source to its rest.', OF_A_WAY);
    const deaths = new Counter({
      name: 'esteira_dead_letters_total',
      help: 'Messages that became dead letters, by reason.',
      labelNames: [...LABELS, 'reason'],
      registers: [register],
    });
    const measuresOf = (lane: string): LaneMeasures => {
      const labels = { pipeline, lane };
      return {
        duration: duration.tallyOf(labels),
        wait: wait.tallyOf(labels),
        toRest: toRest.tallyOf(labels),
        deaths: (reason) => {
          deaths.inc({ ...labels, reason });
        },
      };
    };
    this.#lanes = new Map(lanes.map((lane) => [lane, measuresOf(lane)]));
    this.#noLane = measuresOf(NO_LANE);
  }

  observe(batch: readonly Decided<unknown>[], nowMs: number): void {
    for (const work of batch) {
      const lane = this.#lanes.get(work.delivery.lane) ?? this.#noLane;
      const { decision, delivery, attempt, madeAt } = work;
      if (wasAttempted(work)) {
        lane.duration.add(work.durationMs / 1_000);
        if (attempt.attempt === 1 && delivery.sentAtSeconds !== undefined) {
          lane.lastSent = delivery.sentAtSeconds;
          lane.wait.add(Math.max(0, work.startedAt.getTime() / 1_000 - delivery.sentAtSeconds));
        }
      }
      if (decision.kind === 'dead-letter') lane.deaths(decision.reason);
      else if (decision.kind !== 'store') continue;
      const sinceMadeMs = madeAt === null ? NaN : nowMs - Date.parse(madeAt);
      // A time that Date can't tell, as in the year 10000, would make the sum one for good.
      if (Number.isFinite(sinceMadeMs)) lane.toRest.add(Math.max(0, sinceMadeMs / 1_000));
    }
  }

  /** When the message was sent that was taken last of a lane, in seconds since 1970; undefined before the first. */
  lastSent(lane: string): number | undefined {
    return this.#lanes.get(lane)?.lastSent;
  }
}

/** Whether an attempt was made of it here and now. */
function wasAttempted({ decision, made }: Decided<unknown>): boolean {
  if (made !== undefined) return false;
  return (
    decision.kind === 'store' ||
    decision.kind === 'wait' ||
    (decision.kind === 'dead-letter' && diedOfAnAttempt(decision.reason))
  );
}
