import type { Pipeline } from '@esteira/pipeline';
import type { Broker } from './broker.ts';
import { closeChannel } from './close-channel.ts';
import type { Management } from './management.ts';
import { names } from './topology.ts';

/** Messages ready in the lanes of a pipeline, or some of them, now. Those held by a consumer are not counted. */
export async function laneDepth(
  broker: Broker,
  pipeline: Pipeline,
  lanes: readonly string[] = pipeline.lanes,
): Promise<number> {
  const channel = await broker.channel();
  try {
    const counts = await Promise.all(lanes.map((lane) => channel.checkQueue(names.lane(pipeline, lane))));
    return counts.reduce((sum, { messageCount }) => sum + messageCount, 0);
  } finally {
    await closeChannel(channel).catch(() => undefined); // A channel that is gone needs no closing.
  }
}

/** How many messages of a pipeline are where. `waiting` is for a retry; all counts include what a consumer holds. */
export interface Depths {
  readonly lanes: number;
  readonly waiting: number;
  readonly deadLetters: number;
  readonly returned: number;
}

/**
 * Reads the depths of a pipeline from the management API; they lag by up to 5 s. What waits is counted in both delay
 * strategies and for every delay, those of earlier settings included. A queue that is not there counts 0.
 */
export async function queueDepths(management: Management, pipeline: Pipeline): Promise<Depths> {
  const queues = await management.queues();
  const delayed = await management.exchange(names.delayedExchange(pipeline));
  const sum = (isCounted: (name: string) => boolean) =>
    queues.filter(({ name }) => isCounted(name)).reduce((total, { messages }) => total + messages, 0);
  const lanes = pipeline.lanes.map((lane) => names.lane(pipeline, lane));
  return {
    lanes: sum((name) => lanes.includes(name)),
    waiting: sum((name) => names.waitDelayOf(pipeline, name) !== undefined) + (delayed?.messages_delayed ?? 0),
    deadLetters: sum((name) => name === names.deadLetterQueue(pipeline)),
    returned: sum((name) => name === names.returnedQueue(pipeline)),
  };
}
