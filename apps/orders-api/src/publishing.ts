import { Counter, type Logger, type Metrics } from '@esteira/observability';
import type { Publish } from '@esteira/pipeline';

/** How often a run that goes on is summed up in the log, in milliseconds. */
const SUMMARY_EVERY_MS = 10_000;

/** Counts what was confirmed. */
export interface CountedPublish {
  readonly publish: Publish;
  /** Ends the summaries; the last one is written if there is something to say. */
  close(): void;
}

/** Counts confirmed messages for Prometheus, and sums them up in the log every 10 s while there are any. */
export function countedPublish(publish: Publish, metrics: Metrics, logger: Logger): CountedPublish {
  const published = new Counter({
    name: 'esteira_published_total',
    help: 'Messages published and confirmed by the broker.',
    registers: [metrics],
  });
  let rows = 0;
  let since = performance.now();
  const summary = () => {
    const seconds = (performance.now() - since) / 1_000;
    if (rows > 0) logger.info({ rows, per_second: Math.round(rows / seconds) }, `published ${rows} rows`);
    rows = 0;
    since = performance.now();
  };
  const timer = setInterval(summary, SUMMARY_EVERY_MS).unref();
  return {
    publish: async (messages) => {
      const outcomes = await publish(messages);
      const confirmed = outcomes.filter((outcome) => outcome === 'confirmed').length;
      published.inc(confirmed);
      rows += confirmed;
      return outcomes;
    },
    close: () => {
      clearInterval(timer);
      summary();
    },
  };
}
