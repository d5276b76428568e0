import { createApp, type App } from '@esteira/http';
import type { Console } from './console.ts';
import { classifyFault } from './faults.ts';
import { addArchivings } from './routes/archivings.ts';
import { addDeadLetters } from './routes/dead-letters.ts';
import { addHistory } from './routes/history.ts';
import { addJobs } from './routes/jobs.ts';
import { addMessages } from './routes/messages.ts';
import { addOverview } from './routes/overview.ts';
import { addReconciliations } from './routes/reconciliations.ts';
import { addRepair } from './routes/repair.ts';
import { addSystems } from './routes/systems.ts';

const DESCRIPTION = `Everything that the console's page shows and does.

Every error is a problem (RFC 9457) with a stable \`code\`. Lists are paged by \`next_cursor\`. Times are ISO 8601, money and large numbers are text.`;

/** Builds the console. It does not listen, and does not close what it was given. */
export async function buildApp(console: Console): Promise<App> {
  const app = await createApp({
    logger: console.logger,
    metrics: console.metrics,
    allowedHosts: console.allowedHosts,
    trustedProxies: console.trustedProxies,
    access: console.access,
    info: {
      title: 'Esteira console',
      version: '0.1.0',
      description: DESCRIPTION,
      tags: [
        { name: 'overview', description: 'What runs, how fast, and what stands still.' },
        { name: 'systems', description: 'Publishing: what is asked of the API of a system.' },
        { name: 'messages', description: 'Where a message is, and what happened to it.' },
        { name: 'dead letters', description: 'What was given up on, and why.' },
        { name: 'repair', description: 'Editing, redriving and discarding dead letters; jobs.' },
        { name: 'reconciliation', description: 'Whether it adds up, row by row.' },
        { name: 'history', description: 'Who did what, when, and why.' },
        { name: 'session', description: 'Who one is.' },
        { name: 'health', description: 'For supervisors and Prometheus.' },
      ],
    },
    checks: { tables: console.tablesReady },
    classify: classifyFault,
    ...(console.page === undefined ? {} : { page: console.page }),
  });
  if (console.page === undefined) addWayToDocs(app);
  addOverview(app, console);
  addSystems(app, console);
  addMessages(app, console);
  addDeadLetters(app, console);
  addRepair(app, console);
  addJobs(app, console);
  addHistory(app, console);
  addReconciliations(app, console);
  addArchivings(app, console);
  return app;
}

/** Where no page is built, people find the API. */
function addWayToDocs(app: App): void {
  app.get('/', {
    config: { access: 'open' },
    schema: { hide: true },
    handler: async (_request, reply) => reply.redirect('/docs'),
  });
}
