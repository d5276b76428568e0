import { hostname } from 'node:os';
import { startJobRunner, type JobRunner, type Redrivable } from '@esteira/dead-letters';
import type { Logger } from '@esteira/observability';
import { MAX_MAX_ATTEMPTS, waitsBefore, type RetryPolicy } from '@esteira/pipeline';
import type { Migrations } from '@esteira/postgres';
import { repairJobs } from '@esteira/repair';
import type { Settings } from '@esteira/settings';
import type { Connections } from '../connections.ts';
import { explained } from '../explained.ts';
import { startBoard } from '../overview/board.ts';
import type { Sources } from '../overview/questions.ts';
import { storedSeries } from '../overview/series.ts';
import { allStopped } from '../stopped.ts';
import type { ConsolePipeline, OpenedPipeline } from './pipeline.ts';
import { sharedSources } from './sources.ts';

/** What a pipeline is opened with. */
export interface OpenOptions {
  readonly settings: Settings;
  readonly logger: Logger;
  /** To the servers of all pipelines; what only one needs it opens itself. */
  readonly connections: Connections;
  /** Resolves when the tables are there. */
  readonly tables: Promise<void>;
  /** Ends what goes on by itself. */
  readonly stopping: AbortSignal;
}

/** How the console comes to have a pipeline. */
export interface Registration {
  /** Make its tables in the endput. */
  readonly migrations: readonly Migrations[];
  /** Begins what the console does for it, whatever is down. */
  readonly open: (options: OpenOptions) => OpenedPipeline;
}

/** What a pipeline brings to the console. */
export interface BroughtPipeline extends Pick<ConsolePipeline, 'title' | 'words' | 'books'> {
  readonly redrivable: Redrivable;
  /** How its messages are tried again where nothing else is said. */
  readonly policy: Pick<RetryPolicy, 'maxAttempts' | 'delaysMs' | 'jitter'>;
  /** Where its messages and dead letters rest, where that is not the endput. */
  readonly store?: Pick<Connections, 'endput' | 'endputForPeople'>;
  /** What is asked for its overview beside or in place of what is asked for any. */
  readonly sources?: Partial<Sources>;
  readonly collect?: ConsolePipeline['collect'];
  /** Its routes; without it, it has what all share. */
  readonly own?: ConsolePipeline['own'];
}

const NOTHING_OF_ITS_OWN: ConsolePipeline['own'] = { parts: [], tags: [], add: () => undefined };

/** Opens a pipeline: its overview, and the jobs of its dead letters. */
export function openPipeline(options: OpenOptions, brought: BroughtPipeline): OpenedPipeline {
  const { settings, logger } = options;
  const { redrivable, title, words, policy, books } = brought;
  const { pipeline } = redrivable;
  const connections = { ...options.connections, ...brought.store };
  const { endputForPeople } = connections;
  // The console's own notes are in the endput, wherever those of the pipeline are.
  const { endput } = options.connections;
  const sources = { ...sharedSources(connections, pipeline), ...brought.sources };
  const board = onFirstUse(() => startBoard(sources, storedSeries(endput, pipeline.name), logger));
  let jobs: JobRunner | undefined;
  return {
    pipeline: {
      ...{ redrivable, title, words, board, books },
      endput: endputForPeople,
      attemptLog: connections.attemptLogOf(pipeline.name),
      // What a redrive may take in waits; so many attempts are the most that one may ask for.
      retries: { maxAttempts: policy.maxAttempts, waitsMs: waitsBefore(policy, MAX_MAX_ATTEMPTS) },
      collect: brought.collect ?? (() => Promise.resolve()),
      own: brought.own ?? NOTHING_OF_ITS_OWN,
    },
    startJobs: () => {
      jobs = startJobs(redrivable, policy.maxAttempts, { settings, connections, logger });
    },
    // What a job has marked is still sent; another console, or this one started again, goes on.
    stop: () => allStopped([board().stop(), jobs?.stop() ?? Promise.resolve()], logger),
    ended: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

/** Runs redrives and discards, those too that a console left behind when it ended. */
function startJobs(
  redrivable: Redrivable,
  maxAttempts: number,
  { settings, connections, logger }: Pick<OpenOptions, 'settings' | 'connections' | 'logger'>,
): JobRunner {
  const { endput, broker, management } = connections;
  const { MAX_LANE_DEPTH: maxLaneDepth, LEASE_MS: leaseMs } = settings;
  return startJobRunner(
    repairJobs(redrivable, {
      ...{ endput, broker, management, maxAttempts, maxLaneDepth, leaseMs },
      // Nobody else listens here: an earlier console of this name is gone, and its jobs need not wait for their lease.
      holder: `esteira console at ${hostname()}, ${settings.HOST}:${settings.CONSOLE_PORT}`,
      onFault: toldOnce(logger),
    }),
  );
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
