import { mongodbAttemptLog } from '@esteira/attempt-log';
import type { Settings } from '@esteira/config';
import { ordersPipeline } from '@esteira/orders/domain';
import { endputMigrations } from '@esteira/orders/endput';
import { sourceMigrations } from '@esteira/orders/source';
import { migrate } from '@esteira/postgres';
import type { Arena } from './arena.ts';
import { openBooks } from './books.ts';
import { WARM_UP } from './ceiling.ts';
import { fillSource } from './fill.ts';
import { perOrder, type Measurement } from './measured.ts';
import type { PeerOpening } from './peer-roles.ts';
import type { Mode, Peer } from './peers/peer.ts';
import { openPlace } from './place.ts';
import { cpuBetween, cpuSeconds } from './resources.ts';
import { startRole } from './roles.ts';

/** How a peer is measured. */
export interface PeerRun {
  readonly bench: string;
  readonly orders: number;
  readonly warmUp?: number;
  readonly mode: Mode;
}

/**
 * A peer doing Esteira's job, measured as the pipeline is: one process that reads the source and enqueues, one that
 * works; the same rows, the same stores, the same log; both processes warm. The clock runs from the request to read
 * the source until the last row is stored and logged and no job is left; then rows and documents are counted.
 */
export async function measurePeer({ servers }: Arena, peer: Peer, run: PeerRun): Promise<Measurement> {
  const place = await openPlace(servers.settings);
  const { settings } = place;
  const { REDIS_URL: redisUrl, RABBITMQ_URL: rabbitmqUrl } = settings;
  const peerPlace = { queueUrl: place.queueUrl, redisUrl, rabbitmqUrl };
  const books = openBooks(settings);
  const [producer, worker] = [startRole('./peer-roles.ts'), startRole('./peer-roles.ts')];
  let total = 0;
  const carry = async (orders: number): Promise<number> => {
    total += orders;
    const started = performance.now();
    const [at] = await Promise.all([
      books.until({ stored: total, logged: total }, async () => (await peer.left(peerPlace)) === 0),
      producer.ask('produce'),
    ]);
    return (at - started) / 1_000;
  };
  try {
    await prepareStores(settings);
    await peer.prepare(peerPlace);
    const opening: PeerOpening = { peer: peer.name, place: peerPlace, settings, mode: run.mode, ...ONE_ATTEMPT };
    await Promise.all([producer.ask('openProducer', opening), worker.ask('startWorker', opening)]);
    const warmUp = run.warmUp ?? Math.min(run.orders, WARM_UP);
    await fillSource(settings, warmUp);
    await carry(warmUp);
    await fillSource(settings, run.orders);
    const pids = { producer: producer.pid, worker: worker.pid };
    const before = cpuSeconds(servers.mark, pids);
    const seconds = await carry(run.orders);
    const cpu = cpuBetween(before, cpuSeconds(servers.mark, pids));
    await books.check({ stored: total, logged: total });
    const figures = { 'orders/s': run.orders / seconds, seconds, orders: run.orders };
    const variant = `${peer.name} ${run.mode}`;
    return { bench: run.bench, variant, figures, cpuMicroseconds: perOrder(cpu, run.orders) };
  } finally {
    await Promise.all([producer.end(), worker.end()]);
    await books.close();
    await place.drop();
  }
}

const ONE_ATTEMPT = { maxAttempts: 1, retryDelayMs: 200 };

/** The tables and indexes that Esteira makes for itself. */
async function prepareStores(settings: Settings): Promise<void> {
  await migrate(settings.systems[0]?.databaseUrl ?? '', sourceMigrations);
  await migrate(settings.ENDPUT_DATABASE_URL, endputMigrations);
  const log = mongodbAttemptLog({
    url: settings.MONGODB_URL,
    applicationName: 'bench',
    pipeline: ordersPipeline.name,
    ttlSeconds: settings.ATTEMPT_LOG_TTL_SECONDS,
  });
  await log.prepare();
  await log.close();
}
