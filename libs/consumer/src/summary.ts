import { Counter, Gauge, Histogram, type Logger, type Metrics } from '@esteira/observability';
import type { Pipeline } from '@esteira/pipeline';
import { Measures } from './measures.ts';
import type { Decided } from './work.ts';

/** How often the summary is logged while work goes on, in milliseconds. */
const EVERY_MS = 10_000;

/** Counts what happens to messages: for Prometheus, and as a line every 10 s while work goes on. */
export interface Summary {
  readonly measures: Measures;
  observe(batch: readonly Decided<unknown>[]): void;
  /** Messages since the start, by decision. */
  readonly totals: Readonly<Record<string, number>>;
  stop(): void;
}

export function startSummary(
  described: Pipeline,
  logger: Logger,
  metrics: Metrics,
  isConsuming: () => boolean,
): Summary {
  const pipeline = described.name;
  const measures = new Measures(described, metrics);
  const { decisions, batchSize } = countersOf(metrics);
  tellWhether(pipeline, isConsuming, metrics);
  let counts: Record<string, number> = {};
  const totals: Record<string, number> = {};
  const timer = setInterval(() => {
    if (Object.keys(counts).length > 0) logger.info({ ...counts }, 'messages in the last 10 s, by decision');
    counts = {};
  }, EVERY_MS).unref();
  return {
    measures,
    totals,
    observe(batch) {
      measures.observe(batch, Date.now());
      batchSize.observe({ pipeline }, batch.length);
      for (const [decision, group] of Map.groupBy(batch, (work) => work.decision.kind)) {
        counts[decision] = (counts[decision] ?? 0) + group.length;
        totals[decision] = (totals[decision] ?? 0) + group.length;
        decisions.inc({ pipeline, decision }, group.length);
      }
    },
    stop: () => {
      clearInterval(timer);
    },
  };
}

function countersOf(metrics: Metrics) {
  const registers = [metrics];
  const decisions = new Counter({
    name: 'esteira_decisions_total',
    help: 'What happened to messages, by pipeline and decision (store, wait, dead-letter, skip, return).',
    labelNames: ['pipeline', 'decision'],
    registers,
  });
  const batchSize = new Histogram({
    name: 'esteira_batch_messages',
    help: 'Messages in a batch.',
    labelNames: ['pipeline'],
    buckets: [1, 10, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000],
    registers,
  });
  return { decisions, batchSize };
}

function tellWhether(pipeline: string, isConsuming: () => boolean, metrics: Metrics): void {
  new Gauge({
    name: 'esteira_consuming',
    help: '1 while this process takes messages.',
    labelNames: ['pipeline'],
    registers: [metrics],
    collect() {
      this.set({ pipeline }, isConsuming() ? 1 : 0);
    },
  });
}
