import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '@esteira/settings';
import { names, sift, type Broker } from '@esteira/messaging';
import { ordersPipeline } from '@esteira/orders/domain';
import { HEADER } from '@esteira/pipeline';
import { openPostgres, type Sql } from '@esteira/postgres';
import { MongoClient } from 'mongodb';
import type { System } from './world.ts';

/** Rejects unless RabbitMQ's queue of dead letters holds exactly what is open in the table, each death once. */
export async function expectQueueIsTable(settings: Settings, broker: Broker): Promise<void> {
  const open = await onEndput(settings, (endput) =>
    endput.query<{ death: string }>(
      `SELECT message_id || ':' || round AS death FROM dead_letters WHERE state = 'dead' ORDER BY 1`,
    ),
  );
  const inTable = open.map(({ death }) => death);
  const inQueue = await deathsInQueue(broker);
  if (inTable.length === inQueue.length && inTable.every((death, index) => death === inQueue[index])) return;
  throw new Error(`It does not count: ${inTable.length} are open, and ${inQueue.length} in RabbitMQ's queue.`);
}

/** `<message id>:<round>` of everything in the queue, sorted. All of it is given back. */
async function deathsInQueue(broker: Broker): Promise<string[]> {
  const deaths: string[] = [];
  await sift(broker, names.deadLetterQueue(ordersPipeline), (messages) => {
    for (const { messageId, headers } of messages) {
      const round = headers[HEADER.round];
      deaths.push(`${messageId ?? 'none'}:${typeof round === 'number' ? round : 1}`);
    }
    return Promise.resolve(messages.map(() => false));
  });
  return deaths.sort();
}

/**
 * Rejects unless every letter of a system was redriven once by this job, its history says so once, and, after a consumer
 * has run, its order was stored in that round, at its first attempt, and logged once.
 */
export async function expectOnce(settings: Settings, system: System, job: string, letters: number): Promise<void> {
  const { once, actions, stored } = await onEndput(settings, async (endput) => {
    const [row] = await endput.query<Proof>(PROOF, [system, job]);
    if (row === undefined) throw new Error('The endput has no answer.');
    return row;
  });
  const client = new MongoClient(settings.MONGODB_URL);
  const logged = await client
    .db()
    .collection('attempts')
    .countDocuments({ 'origin.system': system, round: 2, attempt: 1, status: 'succeeded' });
  await client.close();
  const counts = [once, stored, logged].map(Number);
  if (counts.every((count) => count === letters) && actions === 'redrive-finished, redrive-started') return;
  throw new Error(
    `It does not count: of ${letters}: ${once} redriven once, ${stored} stored, ${logged} logged; ${actions}.`,
  );
}

interface Proof {
  readonly once: string;
  readonly stored: string;
  readonly actions: string;
}

const PROOF = `
  SELECT (SELECT count(*) FROM dead_letters
           WHERE origin = $1 AND state = 'redriven' AND round = 2 AND job = $2::bigint AND jsonb_array_length(history) = 1
             AND history @> jsonb_build_array(jsonb_build_object('action', 'redriven', 'round', 2, 'job', $2::text))) AS once,
         (SELECT count(*) FROM orders JOIN dead_letters USING (message_id)
           WHERE dead_letters.origin = $1 AND orders.round = 2 AND orders.attempts = 1) AS stored,
         (SELECT string_agg(action, ', ' ORDER BY action) FROM operator_actions WHERE job = $2::bigint) AS actions`;

/**
 * Resolves once autovacuum has nothing left to do for the dead letters, which a redrive changes all: within a minute or
 * two, with the settings that Postgres has by itself.
 */
export function untilVacuumed(settings: Settings): Promise<void> {
  return onEndput(settings, async (endput) => {
    const deadline = performance.now() + VACUUM_MS;
    for (;;) {
      const [row] = await endput.query<{ is_done: boolean }>(
        `SELECT n_dead_tup <= 50 + 0.2 * n_live_tup AS is_done FROM pg_stat_user_tables WHERE relname = 'dead_letters'`,
      );
      if (row?.is_done === true) return;
      if (performance.now() > deadline) throw new Error('Autovacuum did not come to the dead letters.');
      await sleep(1_000);
    }
  });
}

const VACUUM_MS = 300_000;

async function onEndput<T>({ ENDPUT_DATABASE_URL: url }: Settings, work: (endput: Sql) => Promise<T>): Promise<T> {
  const endput = openPostgres({ url, applicationName: 'bench', max: 1, queryTimeoutMs: 0 });
  try {
    return await work(endput);
  } finally {
    await endput.close();
  }
}
