import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '@esteira/settings';
import { openSessions, type App } from '@esteira/http';
import type { Logger, Metrics } from '@esteira/observability';
import { orderJobs, redrivableOrders } from '@esteira/orders/repair';
import { MAX_MAX_ATTEMPTS, scheduledDelays, waitsBefore } from '@esteira/pipeline';
import { migrate } from '@esteira/postgres';
import { startJobRunner, type JobRunner } from '@esteira/dead-letters';
import { buildApp } from './app.ts';
import { startCollecting, type Collecting } from './collecting.ts';
import { openConnections, type Connections } from './connections.ts';
import { explained } from './explained.ts';
import { consoleMigrations } from './migrations.ts';
import { startBoard, type Board } from './overview/board.ts';
import { storedSeries } from './overview/series.ts';
import { openReconciling, type Reconciling } from './reconciling.ts';
import { sourcesOf } from './overview/sources.ts';

/** What the console is started with. */
export interface StartOptions {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly metrics: Metrics;
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
/** How long a reconciliation that is under way may take to end, in milliseconds. */
const LONGEST_GOODBYE_MS = 5_000;

/** Connects and listens, whatever is down: the page is there to say so. */
export async function startConsole({ settings, logger, metrics }: StartOptions): Promise<StartedConsole> {
  const stopping = new AbortController();
  const connections = await openConnections(settings, logger);
  const tables = prepareTables(settings, logger, stopping.signal);
  const board = onFirstUse(() => startBoard(sourcesOf(connections), storedSeries(connections.endput), logger));
  const reconciling = reconcilingOf({ settings, logger }, connections, {
    tables: tables.there,
    stopping: stopping.signal,
  });
  const collecting = startCollecting({ ...connections, logger, tables: tables.there });
  const app = await buildApp({
    logger,
    metrics,
    allowedHosts: settings.ALLOWED_HOSTS,
    trustedProxies: settings.TRUSTED_PROXIES,
    access: { keys: settings.apiKeys, sessions: openSessions(settings.apiKeys, settings.SESSION_SECRET) },
    ...(existsSync(join(PAGE, 'index.html')) ? { page: PAGE } : {}),
    systems: connections.systems,
    endput: connections.endputForPeople,
    redrivable: redrivableOrders(settings.systems.map(({ name }) => name)),
    attemptLog: connections.attemptLog,
    retries: retriesOf(settings),
    reconciling,
    collecting,
    tablesReady: () => tables.ready(),
    board,
  });
  await app.listen({ host: settings.HOST, port: settings.CONSOLE_PORT });
  board();
  const jobs = startJobs(settings, connections, logger);
  logger.info(`ready at http://${settings.HOST}:${settings.CONSOLE_PORT}`);
  return {
    app,
    stop: () => stop({ app, board: board(), jobs, reconciling, collecting, logger }, connections, stopping),
  };
}

interface Running {
  readonly app: App;
  readonly board: Board;
  readonly jobs: JobRunner;
  readonly reconciling: Reconciling;
  readonly collecting: Collecting;
  readonly logger: Logger;
}

async function stop(
  { app, board, jobs, reconciling, collecting, logger }: Running,
  connections: Connections,
  stopping: AbortController,
): Promise<void> {
  stopping.abort();
  // What a job has marked is still sent; another console, or this one started again, goes on.
  const stops = await Promise.allSettled([app.close(), board.stop(), jobs.stop(), collecting.stop()]);
  for (const result of stops) {
    if (result.status === 'rejected')
      logger.warn({ err: result.reason as unknown }, 'a part of the console did not stop in order');
  }
  // A reconciliation writes down that it was interrupted; one that hangs at a server shows as interrupted without it.
  const inTime = new AbortController();
  const tooLong = sleep(LONGEST_GOODBYE_MS, undefined, { signal: inTime.signal }).catch(() => undefined);
  await Promise.race([reconciling.ended(), tooLong]);
  inTime.abort();
  await connections.close();
}

const reconcilingOf = (
  { settings, logger }: Pick<StartOptions, 'settings' | 'logger'>,
  connections: Connections,
  when: { readonly tables: Promise<void>; readonly stopping: AbortSignal },
) =>
  openReconciling(connections, {
    everyMs: settings.RECONCILE_EVERY_MINUTES * 60_000,
    ...{ settings, logger, ...when },
  });

/** Runs redrives and discards, those too that a console left behind when it ended. */
function startJobs(settings: Settings, { endput, broker, management }: Connections, logger: Logger): JobRunner {
  const { MAX_ATTEMPTS: maxAttempts, MAX_LANE_DEPTH: maxLaneDepth, LEASE_MS: leaseMs } = settings;
  return startJobRunner(
    orderJobs({
      ...{ endput, broker, management, maxAttempts, maxLaneDepth, leaseMs },
      systems: settings.systems.map(({ name }) => name),
      // Nobody else listens here: an earlier console of this name is gone, and its jobs need not wait for their lease.
      holder: `esteira console at ${hostname()}, ${settings.HOST}:${settings.CONSOLE_PORT}`,
      onFault: toldOnce(logger),
    }),
  );
}

/** What a redrive may take in waits; so many attempts are the most that one may ask for. */
function retriesOf({ MAX_ATTEMPTS: maxAttempts, RETRY_JITTER: jitter, retrySchedule }: Settings) {
  const delaysMs = scheduledDelays(retrySchedule, maxAttempts);
  return { maxAttempts, waitsMs: waitsBefore({ delaysMs, jitter }, MAX_MAX_ATTEMPTS) };
}

/** A fault is one line, however often a job meets it. */
function toldOnce(logger: Logger): (error: unknown) => void {
  let told: string | undefined;
  return (error) => {
    const text = explained(error);
    if (text !== told) logger.warn({ err: error }, 'a job met a fault: it waits for the server, or has stopped itself');
    told = text;
  };
}

function onFirstUse<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

interface Tables {
  /** Rejects until the tables are there. */
  readonly ready: () => Promise<void>;
  /** Resolves when they are, or when the console ends. */
  readonly there: Promise<void>;
}

/** Brings the console's tables up to date as soon as the endput answers. */
function prepareTables(settings: Settings, logger: Logger, signal: AbortSignal): Tables {
  let problem: Error | undefined = new Error('the tables are being brought up to date');
  const run = async () => {
    for (let wait = FIRST_WAIT_MS; !signal.aborted; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
      try {
        for (const migrations of consoleMigrations) await migrate(settings.ENDPUT_DATABASE_URL, migrations);
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
