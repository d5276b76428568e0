import { Queue, Worker } from 'bullmq';
import type { Peer, PeerJob } from './peer.ts';

/**
 * BullMQ on Redis. Tuned after its documentation:
 * - an append-only file, and `noeviction`: https://docs.bullmq.io/guide/going-to-production. It calls writing it to
 *   disc every second enough; that survives kill -9 of any process, though not of the machine, which RabbitMQ,
 *   Postgres and MongoDB do survive here. `appendfsync always` would cost it half of its speed.
 * - jobs added in bulk: https://docs.bullmq.io/guide/queues/adding-bulks
 * - a high concurrency factor, since the work is waiting for databases: https://docs.bullmq.io/guide/workers/concurrency
 * - done jobs are removed at once: https://docs.bullmq.io/guide/queues/auto-removal-of-jobs
 * - its own retry with a fixed delay: https://docs.bullmq.io/guide/retrying-failing-jobs
 * Batches of the worker are a feature of BullMQ Pro; here jobs that run at once share statements.
 */
export const bullmq: Peer = {
  name: 'bullmq',
  prepare: () => Promise.resolve(),
  openProducer: ({ redisUrl }, { maxAttempts, retryDelayMs }) => {
    const queue = new Queue(QUEUE, { connection: { url: redisUrl } });
    const backoff = { type: 'fixed', delay: retryDelayMs };
    const opts = { attempts: maxAttempts, backoff, removeOnComplete: true };
    return Promise.resolve(async (jobs) => {
      await queue.addBulk(jobs.map((data) => ({ name: 'order', data, opts })));
    });
  },
  startWorker: async ({ redisUrl }, handler) => {
    const worker = new Worker<PeerJob>(
      QUEUE,
      async (job) => {
        if (!(await handler.one({ job: job.data, attempt: job.attemptsMade + 1 })))
          throw new Error('Simulated failure');
      },
      { connection: { url: redisUrl }, concurrency: handler.mode === 'coalesced' ? 1_000 : 100 },
    );
    await worker.waitUntilReady();
  },
  left: async ({ redisUrl }) => {
    const queue = new Queue(QUEUE, { connection: { url: redisUrl } });
    const left = await queue.getJobCountByTypes('wait', 'active', 'delayed', 'failed');
    await queue.close();
    return left;
  },
};

const QUEUE = 'orders';
