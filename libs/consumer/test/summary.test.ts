import { createLogger, createMetrics } from '@esteira/observability';
import { ordersPipeline } from '@esteira/orders/domain';
import { expect, it } from 'vitest';
import { startSummary } from '../src/summary.ts';

it('counts with the pipeline as a label', async () => {
  const metrics = createMetrics({});
  const logger = createLogger({ name: 'test', level: 'silent' });
  const summary = startSummary(ordersPipeline, logger, metrics, () => true);
  summary.observe([]);
  summary.stop();
  const text = await metrics.metrics();
  expect(text).toContain('esteira_consuming{pipeline="orders"} 1\n');
  expect(text).toContain('esteira_batch_messages_count{pipeline="orders"} 1\n');
});
