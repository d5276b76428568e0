import { createApp, type App } from '@esteira/http';
import type { OrdersApi } from './api.ts';
import { classifyFault } from './faults.ts';
import { addRunMetrics } from './run-metrics.ts';
import { addImportRefusals } from './routes/import-refusals.ts';
import { addInsertData } from './routes/insert-data.ts';
import { addOrdersImport } from './routes/orders-import.ts';
import { addWritingRefused } from './routes/own-table.ts';
import { addProcess } from './routes/process.ts';

const DESCRIPTION = `Brings orders into one system's operational Postgres, and publishes them.

Every error is a problem (RFC 9457) with a stable \`code\`.`;

/** Builds the API of one system. It does not listen, and does not close what it was given. */
export async function buildApp(api: OrdersApi): Promise<App> {
  const app = await createApp({
    logger: api.logger,
    metrics: api.metrics,
    allowedHosts: api.allowedHosts,
    trustedProxies: api.trustedProxies,
    access: { keys: api.keys },
    info: {
      title: `Esteira orders API: ${api.system}`,
      version: '0.1.0',
      description: DESCRIPTION,
      tags: [
        { name: 'orders', description: 'Orders that come in.' },
        { name: 'process', description: 'Publishing them: runs, the cursor, the watermark.' },
        { name: 'health', description: 'For supervisors and Prometheus.' },
      ],
    },
    checks: {
      postgres: () => api.postgres.query('select 1'),
      redis: () => api.relay.ready(),
      rabbitmq: api.brokerReady,
    },
    classify: classifyFault,
  });
  addRunMetrics(api);
  if (api.source.isOwn) addWritingRefused(app, api);
  else {
    addInsertData(app, api);
    addOrdersImport(app, api);
    addImportRefusals(app, api);
  }
  addProcess(app, api);
  return app;
}
