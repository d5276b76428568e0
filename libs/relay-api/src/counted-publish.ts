import { Counter, type Metrics } from '@esteira/observability';
import type { Pipeline, Publish } from '@esteira/pipeline';

/** Counts confirmed messages for Prometheus. The run itself sums them up in the log. */
export function countedPublish(publish: Publish, { name: pipeline }: Pipeline, metrics: Metrics): Publish {
  const published = new Counter({
    name: 'esteira_published_total',
    help: 'Messages published and confirmed by the broker.',
    labelNames: ['pipeline'],
    registers: [metrics],
  });
  return async (messages) => {
    const outcomes = await publish(messages);
    const confirmed = outcomes.filter((outcome) => outcome === 'confirmed').length;
    published.inc({ pipeline }, confirmed);
    return outcomes;
  };
}
