import { setTimeout as delay } from 'node:timers/promises';
import type { Pipeline } from '@esteira/pipeline';
import type { Broker } from './broker.ts';
import { closeChannel } from './close-channel.ts';
import type { Management } from './management.ts';
import { names } from './topology.ts';

/** What can't be emptied now. The message says what to do. */
export class PurgeIncomplete extends Error {
  override name = 'PurgeIncomplete';
}

/** How long to wait for messages that nothing can remove, in milliseconds. */
const PATIENCE_MS = 60_000;

/**
 * Empties every queue of a pipeline, wait queues of earlier delays included, and what waits in its delayed exchange.
 * What a consumer holds is not reached: stop them first.
 *
 * @throws PurgeIncomplete when messages in a delayed exchange are due in more than a minute.
 */
export async function purgePipeline(broker: Broker, management: Management, pipeline: Pipeline): Promise<void> {
  const queues = await management.queues();
  const delayed = names.delayedExchange(pipeline);
  const hasDelayed = (await management.exchange(delayed)) !== undefined;
  const channel = await broker.channel();
  if (hasDelayed) {
    for (const lane of pipeline.lanes) await channel.unbindQueue(names.lane(pipeline, lane), delayed, lane);
    await untilDue(management, delayed);
    await channel.deleteExchange(delayed);
  }
  const own = queues.map(({ name }) => name).filter((name) => name.startsWith(`${pipeline.name}.`));
  const waiting = own.filter((name) => name.startsWith(`${pipeline.name}.wait.`));
  // What waits goes first: it could come due and slip into a lane that is empty already.
  for (const name of new Set([...waiting, ...own])) await channel.purgeQueue(name);
  await closeChannel(channel);
}

/**
 * The plugin keeps its messages even when their exchange is deleted, and delivers them once one of that name is there
 * again. Without a binding they are dropped as they come due: that is the only way to be rid of them.
 */
async function untilDue(management: Management, exchange: string): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const waiting = (await management.exchange(exchange))?.messages_delayed ?? 0;
    if (waiting === 0) return;
    if (performance.now() > end) {
      throw new PurgeIncomplete(
        `${waiting} messages still wait in the exchange ${exchange}; the plugin can't remove them before they are due. They will be dropped then, as long as no consumer is started: clear again later.`,
      );
    }
    await delay(100);
  }
}
