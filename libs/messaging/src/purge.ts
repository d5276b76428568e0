import type { Pipeline } from '@esteira/pipeline';
import type { Broker } from './broker.ts';
import type { Management } from './management.ts';
import { names } from './topology.ts';

/**
 * Empties every queue of a pipeline, wait queues of earlier delays included, and what waits in its delayed exchange:
 * that can't be emptied, so the exchange is deleted; consumers declare it again when they start. What a consumer holds
 * is not reached: stop them first.
 */
export async function purgePipeline(broker: Broker, management: Management, pipeline: Pipeline): Promise<void> {
  const queues = await management.queues();
  const delayed = names.delayedExchange(pipeline);
  const hasDelayed = (await management.exchange(delayed)) !== undefined;
  const channel = await broker.channel();
  for (const { name } of queues.filter((queue) => queue.name.startsWith(`${pipeline.name}.`))) {
    await channel.purgeQueue(name);
  }
  if (hasDelayed) await channel.deleteExchange(delayed);
  await channel.close();
}
