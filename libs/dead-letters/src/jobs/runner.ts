import { setTimeout as sleep } from 'node:timers/promises';
import { freeJobsOf, openJobs } from './lease.ts';
import { runJob, type JobRunnerOptions } from './run.ts';

/** How often it is looked whether somebody has started a job, or a process that held one is gone, in milliseconds. */
const LOOK_EVERY_MS = 500;
/** Jobs that are run at once; others wait for their turn. */
const AT_ONCE = 4;

/** Runs every job of a pipeline that no other process holds. */
export interface JobRunner {
  /** Lets go of all jobs; they are free for another process, or for this one started again. */
  stop(): Promise<void>;
}

/**
 * Begins to run jobs, those that a process left behind too: one of the same `holder` is gone, and what it held is taken up
 * at once; of others when their lease is over.
 */
export function startJobRunner(options: JobRunnerOptions): JobRunner {
  const stopping = new AbortController();
  const running = new Map<string, Promise<unknown>>();
  let isFreed = false;
  const look = async () => {
    if (!isFreed) await freeJobsOf(options.sql, options.redrivable.pipeline.name, options.holder);
    isFreed = true;
    const free = AT_ONCE - running.size;
    if (free <= 0) return;
    for (const id of await openJobs(options.sql, options.redrivable.pipeline.name, free)) {
      if (running.has(id)) continue;
      const run = runJob(options, id, stopping.signal)
        .catch(options.onFault)
        .finally(() => running.delete(id));
      running.set(id, run);
    }
  };
  const looking = (async () => {
    while (!stopping.signal.aborted) {
      await look().catch(options.onFault);
      await sleep(LOOK_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await looking;
      await Promise.all(running.values());
    },
  };
}
