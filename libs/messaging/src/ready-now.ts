import type { Broker } from './broker.ts';
import { closeChannel } from './close-channel.ts';

/** What a queue holds now, beside what its consumers hold. */
export interface ReadyNow {
  readonly ready: number;
  readonly consumers: number;
}

/**
 * Asks the broker itself, whose answer does not lag as the management API's does. Rejects where one of the queues is
 * not there.
 */
export async function readyNow(broker: Broker, queues: readonly string[]): Promise<Map<string, ReadyNow>> {
  const channel = await broker.channel();
  try {
    const answers = await Promise.all(queues.map((queue) => channel.checkQueue(queue)));
    return new Map(
      answers.map((answer) => [answer.queue, { ready: answer.messageCount, consumers: answer.consumerCount }]),
    );
  } finally {
    await closeChannel(channel).catch(() => undefined); // A channel that is gone needs no closing.
  }
}

/** How many messages of one queue are ready now. */
export async function readyIn(broker: Broker, queue: string): Promise<number> {
  return (await readyNow(broker, [queue])).get(queue)?.ready ?? 0;
}
