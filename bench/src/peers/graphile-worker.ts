import { Logger, makeWorkerUtils, run, runMigrations, WorkerPreset } from 'graphile-worker';
import { openPostgres } from '@esteira/postgres';
import { coalescer } from './coalescer.ts';
import type { Peer, PeerJob } from './peer.ts';

/**
 * Graphile Worker on Postgres. Tuned after https://worker.graphile.org/docs/performance: jobs added in one call a page,
 * a local queue, completions in batches, and more jobs at once, since jobs that run at once share statements here.
 *
 * Its own retry waits e^attempt seconds and can't be set otherwise; a job that is to wait for a given time is added
 * again with `runAt`: https://worker.graphile.org/docs/library/add-job. That is done before the failed one completes.
 */
export const graphileWorker: Peer = {
  name: 'graphile-worker',
  prepare: ({ queueUrl }) => runMigrations({ connectionString: queueUrl, preset: { extends: [WorkerPreset] } }),
  openProducer: async ({ queueUrl }) => {
    const utils = await makeWorkerUtils({ connectionString: queueUrl });
    return async (jobs) => {
      await utils.addJobs(jobs.map((job) => ({ identifier: TASK, payload: { ...job, attempt: 1 } })));
    };
  },
  startWorker: async ({ queueUrl }, handler) => {
    const utils = await makeWorkerUtils({ connectionString: queueUrl });
    const again = coalescer(async (payloads: readonly Payload[]) => {
      const runAt = new Date(Date.now() + handler.retryDelayMs);
      return utils.addJobs(payloads.map((payload) => ({ identifier: TASK, payload, runAt })));
    });
    const coalesced = handler.mode === 'coalesced';
    await run({
      preset: {
        extends: [WorkerPreset],
        worker: {
          connectionString: queueUrl,
          concurrentJobs: coalesced ? 1_000 : 100,
          maxPoolSize: 10,
          pollInterval: 100,
          localQueue: { size: coalesced ? 2_000 : 500 },
          completeJobBatchDelay: 0,
          failJobBatchDelay: 0,
          // A line for each job would cost it a fifth of its speed.
          logger: new Logger(() => () => undefined),
        },
      },
      noHandleSignals: true,
      taskList: {
        [TASK]: async (payload) => {
          const { attempt, ...job } = payload as Payload;
          if (!(await handler.one({ job, attempt }))) await again({ ...job, attempt: attempt + 1 });
        },
      },
    });
  },
  left: async ({ queueUrl }) => {
    const postgres = openPostgres({ url: queueUrl, applicationName: 'bench', max: 1 });
    const [row] = await postgres.query<{ left: string }>('SELECT count(*) AS left FROM graphile_worker.jobs');
    await postgres.close();
    return Number(row?.left);
  },
};

type Payload = PeerJob & { readonly attempt: number };

const TASK = 'order';
