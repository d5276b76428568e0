import { addScope, createApp, type App } from '@esteira/http';
import type { Console } from './console.ts';
import { classifyFault } from './faults.ts';
import { SHARED } from './pipelines/asked-pipeline.ts';
import { addAttempts } from './routes/attempts.ts';
import { addBooks } from './routes/books.ts';
import { addDeadLetters } from './routes/dead-letters.ts';
import { addHistory } from './routes/history.ts';
import { addJobs } from './routes/jobs.ts';
import { addMoved } from './routes/moved.ts';
import { addOverview } from './routes/overview.ts';
import { addPipelines } from './routes/pipelines.ts';
import { addRepair } from './routes/repair.ts';
import { addStream } from './routes/stream.ts';

const DESCRIPTION = `Everything that the console's page shows and does.

What is of one pipeline stands below \`/v0/pipelines/{pipeline}\`: the same for all of them, and what a pipeline adds. Every error is a problem (RFC 9457) with a stable \`code\`. Lists are paged by \`next_cursor\`. Times are ISO 8601, money and large numbers are text.`;

/** Builds the console. It does not listen, and does not close what it was given. */
export async function buildApp(console: Console): Promise<App> {
  const app = await createApp({
    logger: console.logger,
    metrics: console.metrics,
    allowedHosts: console.allowedHosts,
    trustedProxies: console.trustedProxies,
    access: console.access,
    info: { title: 'Esteira console', version: '0.1.0', description: DESCRIPTION, tags: tagsOf(console) },
    checks: { tables: console.tablesReady },
    classify: classifyFault,
    ...(console.page === undefined ? {} : { page: console.page }),
  });
  if (console.page === undefined) addWayToDocs(app);
  addPipelines(app, console);
  addStream(app, console);
  lookAtOnce(app, console);
  addMoved(app);
  addScope(
    app,
    (shared) => {
      addShared(shared, console);
    },
    SHARED,
  );
  for (const { redrivable, own } of console.pipelines)
    addScope(app, own.add, `/v0/pipelines/${redrivable.pipeline.name}`);
  return app;
}

/** What somebody does is looked at at once. */
function lookAtOnce(app: App, { pipelines }: Console): void {
  app.addHook('onResponse', (request, reply, done) => {
    if (request.method !== 'GET' && reply.statusCode < 300) for (const { board } of pipelines) board().hurry();
    done();
  });
}

/** What every pipeline has. */
function addShared(app: App, console: Console): void {
  addOverview(app, console);
  addAttempts(app, console);
  addDeadLetters(app, console);
  addRepair(app, console);
  addJobs(app, console);
  addHistory(app, console);
  addBooks(app, console);
}

const tagsOf = ({ pipelines }: Console) => [
  { name: 'overview', description: 'What runs, how fast, and what stands still.' },
  { name: 'attempts', description: 'What was tried, by whom, and how it ended.' },
  { name: 'dead letters', description: 'What was given up on, and why.' },
  { name: 'repair', description: 'Editing, redriving and discarding dead letters; jobs.' },
  { name: 'history', description: 'Who did what, when, and why.' },
  { name: 'books', description: 'Whether all that was accepted is accounted for, item by item.' },
  ...pipelines.flatMap(({ own }) => own.tags),
  { name: 'session', description: 'Who one is.' },
  { name: 'health', description: 'For supervisors and Prometheus.' },
];

/** Where no page is built, people find the API. */
function addWayToDocs(app: App): void {
  app.get('/', {
    config: { access: 'open' },
    schema: { hide: true },
    handler: async (_request, reply) => reply.redirect('/docs'),
  });
}
