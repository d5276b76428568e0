import { Histogram, type Metrics } from '@esteira/observability';
import { Type } from 'typebox';
import type { App } from './app-type.ts';

/** `/metrics` for Prometheus, open (it counts, and holds nothing of a message), and the duration of every request by route, so that ids don't make series. */
export function addMetrics(app: App, metrics: Metrics): void {
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'How long requests took, by route and status.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    registers: [metrics],
  });
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unknown';
    durations.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
    done();
  });
  app.get('/metrics', {
    config: { access: 'open' },
    schema: {
      operationId: 'metrics',
      tags: ['health'],
      summary: 'Metrics for Prometheus',
      description: 'In the text exposition format.',
      response: { 200: { description: 'All metrics.', content: { 'text/plain': { schema: Type.String() } } } },
    },
    handler: async (_request, reply) => reply.type(metrics.contentType).send(await metrics.metrics()),
  });
}
