import { createApp, type App } from '@esteira/http';
import type { Console } from './console.ts';
import { classifyFault } from './faults.ts';
import { addOverview } from './routes/overview.ts';

const DESCRIPTION = `Everything that the console's page shows and does.

Every error is a problem (RFC 9457) with a stable \`code\`. Lists are paged by \`next_cursor\`. Times are ISO 8601, money and large numbers are text.`;

/** Builds the console. It does not listen, and does not close what it was given. */
export async function buildApp(console: Console): Promise<App> {
  const app = await createApp({
    logger: console.logger,
    metrics: console.metrics,
    allowedHosts: console.allowedHosts,
    access: console.access,
    info: {
      title: 'Esteira console',
      version: '0.1.0',
      description: DESCRIPTION,
      tags: [
        { name: 'overview', description: 'What runs, how fast, and what stands still.' },
        { name: 'session', description: 'Who one is.' },
        { name: 'health', description: 'For supervisors and Prometheus.' },
      ],
    },
    checks: { tables: console.tablesReady },
    classify: classifyFault,
  });
  addOverview(app, console);
  return app;
}
