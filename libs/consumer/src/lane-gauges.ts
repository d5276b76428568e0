import { setTimeout as delay } from 'node:timers/promises';
import { names, readyNow, type Broker } from '@esteira/messaging';
import { Gauge, type Metrics } from '@esteira/observability';
import type { Pipeline } from '@esteira/pipeline';
import type { Measures } from './measures.ts';

/** How long a page of metrics waits for RabbitMQ, in milliseconds. */
const ANSWER_MS = 2_000;

/** Tells how much waits in the lanes, and for how long, whenever metrics are asked for; nothing while RabbitMQ is away. */
export function watchLanes(pipeline: Pipeline, broker: Broker, measures: Measures, metrics: Metrics): void {
  let asked: Promise<ReadonlyMap<string, number>> | undefined;
  // Both gauges are asked at once: one question is for both.
  const ask = () => (asked ??= readyIn(pipeline, broker).finally(() => (asked = undefined)));
  const gauge = (name: string, help: string, valueOf: (lane: string, ready: number) => number | undefined) =>
    new Gauge({
      name,
      help,
      labelNames: ['pipeline', 'lane'],
      registers: [metrics],
      async collect() {
        const lanes = await ask();
        this.reset();
        for (const [lane, ready] of lanes) {
          const value = valueOf(lane, ready);
          if (value !== undefined) this.set({ pipeline: pipeline.name, lane }, value);
        }
      },
    });
  gauge(
    'esteira_lane_messages',
    'Messages that are ready in a lane; not those that consumers hold.',
    (_, ready) => ready,
  );
  gauge(
    'esteira_lane_oldest_seconds',
    'The age of the oldest message that waits in a lane, at most: that of the one that was taken before it.',
    (lane, ready) => {
      const sent = measures.lastSent(lane);
      if (ready === 0) return 0;
      return sent === undefined ? undefined : Math.max(0, Date.now() / 1_000 - sent);
    },
  );
}

/** What is ready, by lane; of no lane while RabbitMQ does not answer, which the checks of health tell. */
async function readyIn(pipeline: Pipeline, broker: Broker): Promise<ReadonlyMap<string, number>> {
  const laneOf = new Map(pipeline.lanes.map((lane) => [names.lane(pipeline, lane), lane]));
  const unknown = new Map<string, number>();
  const timer = new AbortController();
  const answer = readyNow(broker, [...laneOf.keys()]).then(
    (queues) => new Map([...queues].map(([queue, { ready }]) => [laneOf.get(queue) ?? queue, ready])),
    () => unknown,
  );
  const late = delay(ANSWER_MS, unknown, { signal: timer.signal, ref: false }).catch(() => unknown);
  return Promise.race([answer, late]).finally(() => {
    timer.abort();
  });
}
