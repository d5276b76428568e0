import { Counter, type Metrics } from '@esteira/observability';
import { ordersPipeline } from '@esteira/orders/domain';
import type { Publish } from '@esteira/pipeline';

/** Counts confirmed messages for Prometheus. The run itself sums them up in the log. */
export function countedPublish(publish: Publish, metrics: Metrics): Publish {
  const published = new Counter({
    name: 'esteira_published_total',
    help: 'Messages published and confirmed by the broker.',
    labelNames: ['pipeline'],
    registers: [metrics],
  });
  return async (messages) => {
    const outcomes = await publish(messages);
    const confirmed = outcomes.filter((outcome) => outcome === 'confirmed').length;
    published.inc({ pipeline: ordersPipeline.name }, confirmed);
    return outcomes;
  };
}
