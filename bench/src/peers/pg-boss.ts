import { setTimeout as sleep } from 'node:timers/promises';
import { PgBoss } from 'pg-boss';
import { openPostgres } from '@esteira/postgres';
import type { Handler, Peer, PeerJob } from './peer.ts';

/**
 * pg-boss on Postgres. Tuned after its documentation:
 * - jobs inserted in one statement a page, a table of the queue's own (`partition`): https://pgboss.io/api/queues
 * - fetched and completed in batches, each with one statement, by loops that don't wait for a poll while there is work:
 *   https://pgboss.io/api/jobs
 * - no schedules, no supervision while it is measured: https://pgboss.io/api/constructor
 *
 * Its own retry delay is in whole seconds; a job that is to wait for less is inserted again with `startAfter`, before
 * the failed one completes.
 */
export const pgBoss: Peer = {
  name: 'pg-boss',
  prepare: async ({ queueUrl }) => {
    const boss = await open(queueUrl);
    await boss.createQueue(QUEUE, { partition: true });
    await boss.stop({ graceful: false });
  },
  openProducer: async ({ queueUrl }) => {
    const boss = await open(queueUrl);
    return async (jobs) => {
      await boss.insert(
        QUEUE,
        jobs.map((job) => ({ data: { ...job, attempt: 1 } })),
      );
    };
  },
  startWorker: async ({ queueUrl }, handler) => {
    const boss = await open(queueUrl);
    for (let loop = 0; loop < LOOPS; loop += 1) void work(boss, handler);
  },
  left: async ({ queueUrl }) => {
    const postgres = openPostgres({ url: queueUrl, applicationName: 'bench', max: 1 });
    const [row] = await postgres.query<{ left: string }>(
      `SELECT count(*) AS left FROM pgboss.job WHERE name = '${QUEUE}' AND state <> 'completed'`,
    );
    await postgres.close();
    return Number(row?.left);
  },
};

type Payload = PeerJob & { readonly attempt: number };

const QUEUE = 'orders';
const LOOPS = 2;
const IDLE_MS = 10;

function open(url: string): Promise<PgBoss> {
  const boss = new PgBoss({ connectionString: url, schedule: false, supervise: false });
  boss.on('error', (error) => {
    console.error(error);
  });
  return boss.start();
}

async function work(boss: PgBoss, handler: Handler): Promise<void> {
  const batchSize = handler.mode === 'coalesced' ? 1_000 : 100;
  for (;;) {
    const jobs = await boss.fetch<Payload>(QUEUE, { batchSize });
    if (jobs.length === 0) await sleep(IDLE_MS);
    else await handle(boss, jobs, handler);
  }
}

async function handle(boss: PgBoss, jobs: { id: string; data: Payload }[], handler: Handler): Promise<void> {
  const succeeded = await handler.all(jobs.map(({ data: { attempt, ...job } }) => ({ job, attempt })));
  const failed = jobs.filter((_, index) => succeeded[index] !== true);
  if (failed.length > 0) {
    const startAfter = new Date(Date.now() + handler.retryDelayMs);
    await boss.insert(
      QUEUE,
      failed.map(({ data }) => ({ data: { ...data, attempt: data.attempt + 1 }, startAfter })),
    );
  }
  await boss.complete(
    QUEUE,
    jobs.map(({ id }) => id),
  );
}
