import { setTimeout as sleep } from 'node:timers/promises';
import { bulkhead } from 'cockatiel';
import { freeJobsOf, openJobs } from './lease.ts';
import type { JobRunnerOptions } from './options.ts';
import { runJob } from './run.ts';
import { sharedPass } from './tidy-up.ts';

/** How often it is looked whether somebody has started a job, or a process that held one is gone, in milliseconds. */
const LOOK_EVERY_MS = 500;
/** Jobs that are taken up by one look. */
const TAKEN_AT_ONCE = 100;
/**
 * Steps that are done at once, in the order in which jobs come to them. Jobs that wait, be it for their rate, a lane, or a
 * server, take no turn: however many they are, they hold up nobody.
 */
const STEPS_AT_ONCE = 4;

/** Runs every job of a pipeline that no other process holds. */
export interface JobRunner {
  /** Lets go of all jobs; they are free for another process, or for this one started again. */
  stop(): Promise<void>;
}

/**
 * Begins to run jobs, those that a process left behind too: one of the same `holder` is gone, and what it held is taken up
 * at once; of others when their lease is over. Jobs that end at about the same time share the pass that tidies up.
 */
export function startJobRunner(given: JobRunnerOptions): JobRunner {
  const options = { ...given, tidy: sharedPass(given.tidy) };
  const { sql, holder, onFault } = options;
  const pipeline = options.redrivable.pipeline.name;
  const turns = bulkhead(STEPS_AT_ONCE, Infinity);
  const stopping = new AbortController();
  const running = new Map<string, Promise<unknown>>();
  let isFreed = false;
  const look = async () => {
    if (!isFreed) await freeJobsOf(sql, pipeline, holder);
    isFreed = true;
    for (const id of await openJobs(sql, pipeline, TAKEN_AT_ONCE)) {
      if (running.has(id)) continue;
      const run = runJob(options, id, stopping.signal, (work) => turns.execute(work))
        .catch(onFault)
        .finally(() => running.delete(id));
      running.set(id, run);
    }
  };
  const looking = (async () => {
    while (!stopping.signal.aborted) {
      await look().catch(onFault);
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
