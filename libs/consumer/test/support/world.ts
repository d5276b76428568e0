import { connectBroker, createPublisher, names, type Broker } from '@esteira/messaging';
import { createLogger, createMetrics, type Metrics } from '@esteira/observability';
import type { Handler } from '@esteira/pipeline';
import { openPostgres, type Postgres } from '@esteira/postgres';
import { freshDatabase, freshMongoUrl, freshVirtualHost, serverSetting } from '@esteira/tests/support';
import { startConsumer, type RunningConsumer } from '../../src/index.ts';
import type { ConsumerSettings } from '../../src/settings.ts';
import { parcelMessage, parcelsDefinition, parcelsPipeline, type Parcel } from './parcels.ts';

export const logger = createLogger({ name: 'test', level: 'silent' });

/** How a consumer takes of the lane express, and how long a suspect is alone. */
interface How {
  readonly concurrency?: number;
  readonly prefetch?: number;
  readonly aloneMs?: number;
  readonly settings?: Partial<ConsumerSettings>;
  readonly metrics?: Metrics;
}

/** Servers of a test's own, for parcels. */
export interface World {
  readonly settings: ConsumerSettings;
  readonly endput: Postgres;
  readonly broker: Broker;
  /** A consumer whose lane express is handled each by itself, as many at once as it may hold: four. */
  start(handler: Handler<Parcel>, how?: How): Promise<RunningConsumer>;
  /** Publishes so many parcels to the lane express; their weights count from 1, or go on after others. */
  publish(count: number, after?: number): Promise<void>;
  /** The attempts of each parcel that is stored, by its weight. */
  stored(): Promise<Map<number, number>>;
  close(): Promise<void>;
}

export async function openWorld(): Promise<World> {
  const [vhost, database] = await Promise.all([freshVirtualHost(), freshDatabase('ENDPUT_DATABASE_URL')]);
  const endput = openPostgres({ url: database.url, applicationName: 'test' });
  const broker = await connectBroker({ url: vhost.url, name: 'test', logger });
  const settings: ConsumerSettings = {
    ENDPUT_DATABASE_URL: database.url,
    MONGODB_URL: freshMongoUrl(),
    RABBITMQ_URL: vhost.url,
    RABBITMQ_MANAGEMENT_URL: serverSetting('RABBITMQ_MANAGEMENT_URL'),
    ATTEMPT_LOG_TTL_SECONDS: 600,
    RABBITMQ_CONSUMER_TIMEOUT_MS: 1_800_000,
    DELAY_STRATEGY: 'wait-queue',
    PREFETCH: 100,
    BATCH_SIZE: 50,
    ATTEMPT_TIMEOUT_MS: 600_000,
  };
  return {
    settings,
    endput,
    broker,
    start: (handler, { concurrency = 4, prefetch, aloneMs, settings: own, metrics = createMetrics({}) } = {}) =>
      startConsumer({
        definition: parcelsDefinition(handler, concurrency, prefetch),
        settings: { ...settings, ...own },
        policy: { maxAttempts: 3, delaysMs: [100], timeoutMs: 60_000 },
        logger,
        metrics,
        worker: 'test',
        ...(aloneMs === undefined ? {} : { aloneMs }),
      }),
    publish: async (count, after = 0) => {
      const weights = Array.from({ length: count }, (_, index) => after + index + 1);
      const parcels = weights.map((weight) => ({ id: weight, weight }));
      const exchange = names.exchange(parcelsPipeline);
      const send = createPublisher(broker, { exchange, mandatory: true, appId: 't' });
      await send(parcels.map((parcel) => parcelMessage(parcel, 'express')));
    },
    stored: async () => {
      const rows = await endput.query<{ weight: number; attempts: number }>('SELECT weight, attempts FROM parcels');
      return new Map(rows.map(({ weight, attempts }) => [weight, attempts]));
    },
    close: async () => {
      await Promise.all([endput.close(), broker.close()]);
      await Promise.all([vhost.drop(), database.drop()]);
    },
  };
}
