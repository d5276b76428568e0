import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { mongodbAttemptLog, type AttemptLog } from '@esteira/attempt-log';
import { orders as ordersInConsole, startConsole } from '@esteira/console-server';
import { startConsumer, type RunningConsumer } from '@esteira/consumer';
import {
  connectBroker,
  createPublisher,
  declareTopology,
  names,
  openManagement,
  pipelineTopology,
  readyNow,
  type Broker,
  type Management,
} from '@esteira/messaging';
import { createLogger, createMetrics } from '@esteira/observability';
import type { OutgoingMessage } from '@esteira/pipeline';
import { openPostgres, type Postgres } from '@esteira/postgres';
import { settingsEntries } from '@esteira/settings';
import { freePort, startPipeline, type Pipeline } from '@esteira/tests/support';
import { parcels } from './src/console.ts';
import { parcelsDefinition } from './src/definition.ts';
import { parcelMessage, type Parcel } from './src/parcel.ts';
import { parcelsPipeline, policy } from './src/pipeline.ts';

const logger = createLogger({ name: 'test', level: 'silent' });
const MAIN = join(import.meta.dirname, 'src/main.ts');

/** What the store has of a parcel. */
export interface Stored {
  readonly grams: number;
  readonly round: number;
  readonly attempts: number;
}

/** Orders and parcels side by side: on the same servers, in one console. */
export interface World {
  readonly orders: Pipeline;
  readonly broker: Broker;
  readonly management: Management;
  readonly endput: Postgres;
  readonly log: AttemptLog;
  /** What the books of parcels take for accepted. */
  readonly handedOver: Parcel[];
  /** Starts a process that consumes parcels. */
  consumer(): ChildProcess;
  /** A consumer of parcels in this process, with what a test brings in place of the pipeline's own. */
  consumerHere(own: Partial<ReturnType<typeof parcelsDefinition>>): Promise<RunningConsumer>;
  send(lane: string, ...parcels: readonly Parcel[]): Promise<void>;
  publish(...messages: readonly OutgoingMessage[]): Promise<void>;
  /** By number. */
  stored(): Promise<Map<string, Stored>>;
  /** How many messages are ready in these queues. */
  ready(...queues: readonly string[]): Promise<number[]>;
  ask(method: string, path: string, body?: unknown): Promise<Answer>;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export async function openWorld(): Promise<World> {
  const orders = await startPipeline({ systems: 1, env: { MAX_ATTEMPTS: '1' } });
  const { settings } = orders;
  const port = await freePort();
  const env = { ...process.env, ...Object.fromEntries(settingsEntries(settings)), CONSUMER_PORT: String(port) };
  const endput = openPostgres({ url: settings.ENDPUT_DATABASE_URL, applicationName: 'test', max: 4 });
  const broker = await connectBroker({ url: settings.RABBITMQ_URL, name: 'test', logger });
  await broker.untilConnected();
  const management = openManagement(settings.RABBITMQ_MANAGEMENT_URL, settings.RABBITMQ_URL);
  await declareTopology(broker, pipelineTopology(parcelsPipeline), management, logger);
  const log = mongodbAttemptLog({
    ...{ url: settings.MONGODB_URL, applicationName: 'test', pipeline: parcelsPipeline.name },
    ttlSeconds: settings.ATTEMPT_LOG_TTL_SECONDS,
  });
  const handedOver: Parcel[] = [];
  const registered = [ordersInConsole, parcels(() => handedOver)];
  const console = await startConsole({ settings, logger, metrics: createMetrics({}), registered });
  const send = createPublisher(broker, { exchange: names.exchange(parcelsPipeline), mandatory: true, appId: 'depot' });
  const publish = async (...messages: readonly OutgoingMessage[]) => {
    const outcomes = await send(messages);
    if (outcomes.some((outcome) => outcome !== 'confirmed')) throw new Error(`published: ${outcomes.join(', ')}`);
  };
  return {
    ...{ orders, broker, management, endput, log, handedOver, publish },
    consumer: () =>
      spawn(process.execPath, [MAIN], { env: { ...env, ESTEIRA_ENV_FILE: '/dev/null' }, stdio: 'ignore' }),
    consumerHere: (own) => {
      const definition = { ...parcelsDefinition(), ...own };
      return startConsumer({ definition, settings, policy, logger, metrics: createMetrics({}), worker: 'here' });
    },
    send: (lane, ...parcels) => publish(...parcels.map((parcel) => parcelMessage(parcel, lane))),
    stored: async () => {
      const rows = await endput.query<Stored & { number: string }>(
        'SELECT number, grams, round, attempts FROM parcels',
      );
      return new Map(rows.map(({ number, ...rest }) => [number, rest]));
    },
    ready: async (...queues) => {
      const now = await readyNow(broker, queues);
      return queues.map((queue) => now.get(queue)?.ready ?? 0);
    },
    ask: (method, path, body) => ask(method, `${orders.console.url}${path}`, body),
    close: async () => {
      await console.stop();
      await Promise.all([endput.close(), broker.close(), log.close()]);
      await orders.stop();
    },
  };
}

async function ask(method: string, url: string, body?: unknown): Promise<Answer> {
  const json =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  const response = await fetch(url, { method, ...json });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

/** Ends a process in good order. */
export async function ended(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}
