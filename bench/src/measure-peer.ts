import { mongodbAttemptLog } from '@esteira/attempt-log';
import type { Settings } from '@esteira/settings';
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
import { RETRY_DELAY_MS, type Mode, type Peer } from './peers/peer.ts';
import { openPlace, type Place } from './place.ts';
import { cpuBetween, cpuSeconds } from './resources.ts';
import { fillFailing } from './retries.ts';
import { startRole } from './roles.ts';

/** How a peer is measured. */
export interface PeerRun {
  readonly bench: string;
  readonly orders: number;
  readonly warmUp?: number;
  readonly mode: Mode;
  /** Attempts that each order takes: one, or (with rows chosen for it) all of so many. */
  readonly attempts?: number;
}

/**
 * A peer doing Esteira's job, measured as the pipeline is: one process that reads the source and enqueues, one that
 * works; the same rows, the same stores, the same log; both processes warm. The clock runs from the request to read
 * the source until the last row is stored and logged and no job is left; then rows and documents are counted.
 */
export async function measurePeer({ servers }: Arena, peer: Peer, run: PeerRun): Promise<Measurement> {
  const { bench, orders, attempts = 1, warmUp = Math.min(orders, WARM_UP) } = run;
  const place = await openPlace(servers.settings);
  const books = openBooks(place.settings);
  const roles = { producer: startRole('./peer-roles.ts'), worker: startRole('./peer-roles.ts') };
  const fill = (count: number) => (attempts === 1 ? fillSource : fillFailing)(place.settings, count);
  try {
    await prepareStores(place.settings);
    const opening = openingOf(place, peer, run.mode, attempts);
    await peer.prepare(opening.place);
    await Promise.all([roles.producer.ask('openProducer', opening), roles.worker.ask('startWorker', opening)]);
    const carry = async (total: number): Promise<number> => {
      const started = performance.now();
      const isEmpty = async () => (await peer.left(opening.place)) === 0;
      const done = books.until({ stored: total, logged: total * attempts }, isEmpty);
      const [at] = await Promise.all([done, roles.producer.ask('produce')]);
      return (at - started) / 1_000;
    };
    await fill(warmUp);
    await carry(warmUp);
    await fill(orders);
    const pids = { producer: roles.producer.pid, worker: roles.worker.pid };
    const before = cpuSeconds(servers.mark, pids);
    const seconds = await carry(warmUp + orders);
    const cpu = cpuBetween(before, cpuSeconds(servers.mark, pids));
    await books.check({ stored: warmUp + orders, logged: (warmUp + orders) * attempts });
    const figures = { 'orders/s': orders / seconds, seconds, orders };
    return { bench, variant: `${peer.name} ${run.mode}`, figures, cpuMicroseconds: perOrder(cpu, orders) };
  } finally {
    await Promise.all([roles.producer.end(), roles.worker.end()]);
    await books.close();
    await place.drop();
  }
}

function openingOf({ settings, queueUrl }: Place, peer: Peer, mode: Mode, maxAttempts: number): PeerOpening {
  const place = { queueUrl, redisUrl: settings.REDIS_URL, rabbitmqUrl: settings.RABBITMQ_URL };
  return { peer: peer.name, place, settings, mode, maxAttempts, retryDelayMs: RETRY_DELAY_MS };
}

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
