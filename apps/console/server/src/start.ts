import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '@esteira/settings';
import { openSessions, type App } from '@esteira/http';
import type { Logger, Metrics } from '@esteira/observability';
import { migrate, type Migrations } from '@esteira/postgres';
import { buildApp } from './app.ts';
import { openConnections, type Connections } from './connections.ts';
import { consoleMigrations } from './migrations.ts';
import { pipelinesNamed } from './pipelines/all.ts';
import type { Registration } from './pipelines/open.ts';
import type { OpenedPipeline } from './pipelines/pipeline.ts';
import { allStopped } from './stopped.ts';

/** What the console is started with. */
export interface StartOptions {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** The pipelines that it has, the one that is shown first in front; by default those that the settings say run. */
  readonly registered?: readonly Registration[];
}

/** A console that listens. */
export interface StartedConsole {
  readonly app: App;
  /** Ends the streams, takes nothing more, and lets go of every server. */
  stop(): Promise<void>;
}

/** Where vite builds the page. */
const PAGE = join(import.meta.dirname, '../../web/dist');

/** Waits between tries to bring the tables up to date, in milliseconds. */
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;
/** How long what is under way, say a reconciliation, may take to end, in milliseconds. */
const LONGEST_GOODBYE_MS = 5_000;

/** Connects and listens, whatever is down: the page is there to say so. */
export async function startConsole({ settings, logger, metrics, ...rest }: StartOptions): Promise<StartedConsole> {
  const { registered = pipelinesNamed(settings.pipelines) } = rest;
  const stopping = new AbortController();
  const { signal } = stopping;
  const connections = await openConnections(settings, logger);
  const needed = [...consoleMigrations, ...registered.flatMap(({ migrations }) => migrations)];
  const tables = prepareTables(settings.ENDPUT_DATABASE_URL, needed, logger, signal);
  const opened = registered.map(({ open }) =>
    open({ settings, logger, connections, tables: tables.there, stopping: signal }),
  );
  const pipelines = opened.map(({ pipeline }) => pipeline);
  const app = await buildApp({
    logger,
    metrics,
    allowedHosts: settings.ALLOWED_HOSTS,
    trustedProxies: settings.TRUSTED_PROXIES,
    access: { keys: settings.apiKeys, sessions: openSessions(settings.apiKeys, settings.SESSION_SECRET) },
    ...(existsSync(join(PAGE, 'index.html')) ? { page: PAGE } : {}),
    pipelines,
    tablesReady: () => tables.ready(),
  });
  await app.listen({ host: settings.HOST, port: settings.CONSOLE_PORT });
  for (const { board } of pipelines) board();
  for (const one of opened) one.startJobs();
  logger.info(`ready at http://${settings.HOST}:${settings.CONSOLE_PORT}`);
  return { app, stop: () => stop({ app, opened, logger }, connections, stopping) };
}

interface Running {
  readonly app: App;
  readonly opened: readonly OpenedPipeline[];
  readonly logger: Logger;
}

async function stop(
  { app, opened, logger }: Running,
  connections: Connections,
  stopping: AbortController,
): Promise<void> {
  stopping.abort();
  await allStopped([app.close(), ...opened.map((one) => one.stop())], logger);
  // What is under way writes down that it was interrupted; what hangs at a server shows as interrupted without it.
  const inTime = new AbortController();
  const tooLong = sleep(LONGEST_GOODBYE_MS, undefined, { signal: inTime.signal }).catch(() => undefined);
  await Promise.race([Promise.all(opened.map((one) => one.ended())), tooLong]);
  inTime.abort();
  await Promise.all([connections, ...opened].map((one) => one.close()));
}

interface Tables {
  /** Rejects until the tables are there. */
  readonly ready: () => Promise<void>;
  /** Resolves when they are, or when the console ends. */
  readonly there: Promise<void>;
}

/** Brings the console's tables up to date as soon as the endput answers. */
function prepareTables(url: string, needed: readonly Migrations[], logger: Logger, signal: AbortSignal): Tables {
  let problem: Error | undefined = new Error('the tables are being brought up to date');
  const run = async () => {
    for (let wait = FIRST_WAIT_MS; !signal.aborted; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
      try {
        for (const migrations of needed) await migrate(url, migrations);
        problem = undefined;
        return;
      } catch (error) {
        problem = error as Error;
        logger.warn({ err: error }, `the endput's tables are not up to date; trying again in ${wait} ms`);
      }
      await sleep(wait, undefined, { signal }).catch(() => undefined); // Stopped: the loop sees it.
    }
  };
  return {
    there: run(),
    ready: () => (problem === undefined ? Promise.resolve() : Promise.reject(problem)),
  };
}
