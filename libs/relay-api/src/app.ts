import { createApp, type ApiInfo, type App } from '@esteira/http';
import type { RelayApi } from './api.ts';
import { classifyFault } from './faults.ts';
import { addProcess } from './process.ts';
import { addRunMetrics } from './run-metrics.ts';

/**
 * Builds the API of one system: runs and their status, health and metrics, after the routes that the pipeline adds. It
 * does not listen, and does not close what it was given.
 */
export async function buildRelayApi(api: RelayApi, info: ApiInfo, addRoutes: (app: App) => void): Promise<App> {
  const app = await createApp({
    logger: api.logger,
    metrics: api.metrics,
    allowedHosts: api.allowedHosts,
    trustedProxies: api.trustedProxies,
    access: { keys: api.keys },
    info,
    checks: {
      postgres: () => api.postgres.query('select 1'),
      redis: () => api.relay.ready(),
      rabbitmq: api.brokerReady,
    },
    classify: classifyFault,
  });
  addRunMetrics(api);
  addRoutes(app);
  addProcess(app, api);
  return app;
}
