import { hostname } from 'node:os';
import { startJobRunner, type JobRunner } from '@esteira/dead-letters';
import type { Logger } from '@esteira/observability';
import { orderJobs, redrivableOrders } from '@esteira/orders/repair';
import { CONTENT_FIELDS } from '@esteira/orders/reconciliation';
import { MAX_MAX_ATTEMPTS, scheduledDelays, waitsBefore } from '@esteira/pipeline';
import { rowBooks } from '@esteira/reconciliation';
import type { Settings } from '@esteira/settings';
import type { Connections } from '../../connections.ts';
import { explained } from '../../explained.ts';
import { startBoard } from '../../overview/board.ts';
import { storedSeries } from '../../overview/series.ts';
import { allStopped } from '../../stopped.ts';
import type { ConsolePipeline, OpenedPipeline } from '../pipeline.ts';
import { startCollecting } from './collecting.ts';
import { openReconciling, type Reconciling } from './reconciling.ts';
import { ordersRoutes } from './routes.ts';
import { sourcesOf } from './sources.ts';

/** What orders are opened with. */
export interface OpenOptions {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly connections: Connections;
  /** Resolves when the tables are there. */
  readonly tables: Promise<void>;
  /** Ends the schedule of reconciliations, and the one that is under way. */
  readonly stopping: AbortSignal;
}

/** Begins what the console does for orders, whatever is down. */
export function openOrders(options: OpenOptions): OpenedPipeline {
  const { settings, logger, connections, tables } = options;
  const redrivable = redrivableOrders(settings.systems.map(({ name }) => name));
  const board = onFirstUse(() =>
    startBoard(sourcesOf(connections), storedSeries(connections.endput, redrivable.pipeline.name), logger),
  );
  const reconciling = reconcilingOf(options);
  const collecting = startCollecting({ ...connections, logger, tables });
  const { systems, attemptLog, endputForPeople: endput } = connections;
  let jobs: JobRunner | undefined;
  return {
    pipeline: {
      redrivable,
      title: 'Orders',
      words: { message: 'order', origin: 'System', key: 'Row' },
      endput,
      retries: retriesOf(settings),
      board,
      collect: () => collecting.collect(),
      books: rowBooks({
        ...{ endput, pipeline: redrivable.pipeline.name, fields: CONTENT_FIELDS },
        start: (by) => reconciling.start(by),
      }),
      own: ordersRoutes({ logger, systems, attemptLog, endput, reconciling }),
    },
    startJobs: () => {
      jobs = startJobs(settings, connections, logger);
    },
    // What a job has marked is still sent; another console, or this one started again, goes on.
    stop: () => allStopped([board().stop(), jobs?.stop() ?? Promise.resolve(), collecting.stop()], logger),
    ended: () => reconciling.ended(),
  };
}

const reconcilingOf = ({ settings, logger, connections, tables, stopping }: OpenOptions): Reconciling =>
  openReconciling(connections, {
    everyMs: settings.RECONCILE_EVERY_MINUTES * 60_000,
    ...{ settings, logger, tables, stopping },
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
function retriesOf({ MAX_ATTEMPTS: maxAttempts, RETRY_JITTER: jitter, retrySchedule }: Settings): Retries {
  const delaysMs = scheduledDelays(retrySchedule, maxAttempts);
  return { maxAttempts, waitsMs: waitsBefore({ delaysMs, jitter }, MAX_MAX_ATTEMPTS) };
}
type Retries = ConsolePipeline['retries'];

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
