/** A consumer whose verifier ends the process at orders with a certain product, as a bug in native code would. */
import { loadSettings } from '@esteira/settings';
import { createLogger, createMetrics } from '@esteira/observability';
import { startOrdersConsumer } from '../src/app.ts';

await startOrdersConsumer({
  settings: loadSettings(process.env),
  verifier: {
    name: 'deadly',
    verify({ order }) {
      if (order.product === 'deadly') process.kill(process.pid, 'SIGKILL');
      return { kind: 'succeeded' };
    },
  },
  logger: createLogger({ name: 'deadly', level: 'warn' }),
  metrics: createMetrics({}),
  worker: `deadly-${process.pid}`,
});
