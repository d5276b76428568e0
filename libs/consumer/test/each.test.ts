import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { connectBroker, createPublisher, names, readyNow, type Broker } from '@esteira/messaging';
import { createLogger, createMetrics } from '@esteira/observability';
import type { Handler, HandlerOutcome } from '@esteira/pipeline';
import { openPostgres, type Postgres } from '@esteira/postgres';
import { freshDatabase, freshMongoUrl, freshVirtualHost, serverSetting, type Fresh } from '@esteira/tests/support';
import { patient } from '@esteira/tests/patience';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { startConsumer, type RunningConsumer } from '../src/index.ts';
import type { ConsumerSettings } from '../src/settings.ts';
import { parcelMessage, parcelsDefinition, parcelsPipeline, type Parcel } from './support/parcels.ts';

const logger = createLogger({ name: 'test', level: 'silent' });
let vhost: Fresh;
let database: Fresh;
let mongoUrl: string;
let endput: Postgres;
let broker: Broker;

beforeAll(async () => {
  vhost = await freshVirtualHost();
  database = await freshDatabase('ENDPUT_DATABASE_URL');
  mongoUrl = freshMongoUrl();
  endput = openPostgres({ url: database.url, applicationName: 'test' });
  broker = await connectBroker({ url: vhost.url, name: 'test', logger });
});
afterAll(async () => {
  await Promise.all([endput.close(), broker.close()]);
  await Promise.all([vhost.drop(), database.drop()]);
});

const settings = (): ConsumerSettings => ({
  ENDPUT_DATABASE_URL: database.url,
  MONGODB_URL: mongoUrl,
  RABBITMQ_URL: vhost.url,
  RABBITMQ_MANAGEMENT_URL: serverSetting('RABBITMQ_MANAGEMENT_URL'),
  ATTEMPT_LOG_TTL_SECONDS: 600,
  RABBITMQ_CONSUMER_TIMEOUT_MS: 1_800_000,
  DELAY_STRATEGY: 'wait-queue',
  PREFETCH: 100,
  BATCH_SIZE: 50,
  ATTEMPT_TIMEOUT_MS: 600_000,
});

function start(handler: Handler<Parcel>, metrics = createMetrics({})): Promise<RunningConsumer> {
  return startConsumer({
    definition: parcelsDefinition(handler, 4),
    settings: settings(),
    policy: { maxAttempts: 3, delaysMs: [100], timeoutMs: 60_000 },
    logger,
    metrics,
    worker: 'test',
  });
}

const weights = async () => {
  const rows = await endput.query<{ weight: number; attempts: number }>('SELECT weight, attempts FROM parcels');
  return new Map(rows.map(({ weight, attempts }) => [weight, attempts]));
};

it('a lane that is handled each by itself goes on beside a message that runs for long, retries and deaths too', async () => {
  const slow = Promise.withResolvers<HandlerOutcome>();
  const begun: number[] = [];
  const metrics = createMetrics({});
  const handler: Handler<Parcel> = {
    name: 'scales',
    handle: ({ weight }, { attempt }) => {
      begun.push(weight);
      if (weight === 1) return slow.promise;
      const error = { code: 'unstable', message: 'The scales move.' };
      if (weight === 2) return { kind: 'dead-letter', error };
      if ((weight === 3 || weight === 30) && attempt.attempt < 3) return { kind: 'retry', error };
      return { kind: 'succeeded' };
    },
  };
  const consumer = await start(handler, metrics);
  const publish = createPublisher(broker, { exchange: names.exchange(parcelsPipeline), mandatory: true, appId: 't' });
  const all = Array.from({ length: 30 }, (_, index) => ({ id: index + 1, weight: index + 1 }));
  await publish(all.map((parcel) => parcelMessage(parcel, parcel.weight > 25 ? 'bulk' : 'express')));
  await vi.waitFor(async () => {
    expect((await weights()).size).toBe(28);
    expect(await endput.query('SELECT reason FROM dead_letters')).toHaveLength(1);
  }, patient);
  expect([(await weights()).get(3), (await weights()).get(30)]).toEqual([3, 3]);
  // Each lane has its own waits.
  const waits = [50, 100].map((delayMs) => names.waitQueue(parcelsPipeline, delayMs));
  expect([...(await readyNow(broker, waits)).keys()]).toEqual(waits);
  expect(begun.filter((weight) => weight === 1)).toHaveLength(1);
  // Each lane tells of itself.
  const page = await metrics.metrics();
  expect(page).toContain('esteira_lane_messages{pipeline="parcels",lane="express"} 0');
  expect(page).toContain('esteira_lane_oldest_seconds{pipeline="parcels",lane="bulk"} 0');
  expect(page).toContain('esteira_wait_seconds_count{pipeline="parcels",lane="bulk"} 5');
  // All but the one that runs are acked: it alone is left when it is given back.
  await consumer.stop(0);
  await vi.waitFor(async () => {
    const queues = [names.lane(parcelsPipeline, 'express'), names.lane(parcelsPipeline, 'bulk')];
    const left = await readyNow(broker, queues);
    expect([...left.values()].map(({ ready }) => ready)).toEqual([1, 0]);
  }, patient);
  const next = await start({ name: 'scales', handle: () => ({ kind: 'succeeded' }) });
  await vi.waitFor(async () => {
    // The stop spent no attempt of it.
    expect((await weights()).get(1)).toBe(1);
  }, patient);
  await next.stop(60_000);
});

it('a message that ends its consumer is found in such a lane too: it alone is given up, and all others are stored', async () => {
  const first = await start({ name: 'scales', handle: () => ({ kind: 'succeeded' }) });
  await first.stop(60_000);
  await endput.query('TRUNCATE parcels, dead_letters');
  const publish = createPublisher(broker, { exchange: names.exchange(parcelsPipeline), mandatory: true, appId: 't' });
  const all = Array.from({ length: 30 }, (_, index) => ({ id: 100 + index, weight: index + 1 }));
  await publish(all.map((parcel) => parcelMessage(parcel, 'express')));
  const deaths = () =>
    endput.query<{ reason: string; attempts: unknown[] }>('SELECT reason, attempts FROM dead_letters');
  let isOver = false;
  while (!isOver) {
    const main = join(import.meta.dirname, 'support/deadly-parcels.ts');
    const child = spawn(process.execPath, [main, JSON.stringify(settings())], { stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    const ended = once(child, 'exit').then(() => false);
    const rest = async () => {
      await vi.waitFor(async () => {
        expect([(await weights()).size, (await deaths()).length]).toEqual([29, 1]);
      }, patient);
      return true;
    };
    isOver = await Promise.race([ended, rest().catch(() => ended)]);
    if (isOver) child.kill('SIGKILL');
    await ended;
  }
  expect(await deaths()).toEqual([{ reason: 'crashed-consumer', attempts: [] }]);
  expect((await weights()).has(13)).toBe(false);
});
