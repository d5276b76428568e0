import { randomBytes } from 'node:crypto';
import { createLogger } from '@esteira/observability';
import { readHeaders, writeHeaders, type OutgoingMessage, type Pipeline } from '@esteira/pipeline';
import { administrationOf, freshVirtualHost, serverSetting } from '@esteira/tests/support';
import {
  connectBroker,
  consume,
  createPublisher,
  declareTopology,
  names,
  openManagement,
  pipelineTopology,
  type BatchHandler,
  type Broker,
  type Consumer,
  type Delivery,
  type Management,
  type Topology,
} from '../../src/index.ts';

export const logger = createLogger({ name: 'test', level: 'silent' });

/** For `vi.waitFor`: as long as a broker may need that starts on a busy machine. */
export { patient } from '@esteira/tests/patience';

/** A virtual host of its own on the broker of this run, and a connection to it. */
export interface Stage {
  readonly url: string;
  readonly broker: Broker;
  readonly management: Management;
  close(): Promise<void>;
}

export async function openStage(): Promise<Stage> {
  const vhost = await freshVirtualHost();
  const broker = await connected(vhost.url);
  return {
    url: vhost.url,
    broker,
    management: openManagement(serverSetting('RABBITMQ_MANAGEMENT_URL'), vhost.url),
    close: async () => {
      await broker.close();
      await vhost.drop();
    },
  };
}

/** Whether the broker of this run is of a version, or a later one. */
export async function isAtLeast(stage: Stage, major: number, minor: number): Promise<boolean> {
  const { rabbitmq_version: version } = (await administrationOf(stage.url).ask('GET', 'overview')) as {
    rabbitmq_version: string;
  };
  const [its = 0, itsMinor = 0] = version.split('.').map(Number);
  return its > major || (its === major && itsMinor >= minor);
}

/** A connection that is there. */
export async function connected(url: string): Promise<Broker> {
  const broker = await connectBroker({ url, name: 'test', logger });
  await broker.untilConnected();
  return broker;
}

/** A pipeline nobody had before, with two lanes, declared together with `topology`. */
export async function freshPipeline(stage: Stage, topology?: (pipeline: Pipeline) => Topology): Promise<Pipeline> {
  const name = `p${randomBytes(4).toString('hex')}`;
  const pipeline: Pipeline = { name, types: [{ name: 't', schemaVersion: 1 }], lanes: ['primary', 'secondary'] };
  await declare(stage, pipelineTopology(pipeline));
  if (topology !== undefined) await declare(stage, topology(pipeline));
  return pipeline;
}

export const declare = (stage: Stage, topology: Topology): Promise<void> =>
  declareTopology(stage.broker, topology, stage.management, logger);

/** A message before its first attempt. */
export function messageOf(index: number, lane = 'primary', maxAttempts = 5): OutgoingMessage {
  return {
    messageId: `m-${index}`,
    type: 't',
    lane,
    body: Buffer.from(`{"n":${index},"text":"ação \u0000 ✓"}`),
    headers: writeHeaders({ schemaVersion: 1, attempt: 1, maxAttempts, round: 1, traceparent: `00-${index}` }),
  };
}

export const messages = (count: number, lane?: string): OutgoingMessage[] =>
  Array.from({ length: count }, (_, index) => messageOf(index, lane));

export const idsOf = (all: readonly { readonly messageId: string | undefined }[]): string[] =>
  [...new Set(all.map(({ messageId }) => messageId ?? ''))].sort();

/** The journey a delivery is on. */
export function journeyOf({ headers }: Delivery) {
  const journey = readHeaders(headers);
  if ('problem' in journey) throw new Error(journey.problem);
  return journey;
}

/** The same message for its next attempt; what else stands in its headers travels on. */
export function nextAttempt(delivery: Delivery): OutgoingMessage {
  const { messageId = '', type = '', lane, body, headers } = delivery;
  const journey = journeyOf(delivery);
  return {
    messageId,
    type,
    lane,
    body,
    headers: { ...headers, ...writeHeaders({ ...journey, attempt: journey.attempt + 1 }) },
  };
}

export const publish = (stage: Stage, pipeline: Pipeline, all: readonly OutgoingMessage[]) =>
  createPublisher(stage.broker, { exchange: names.exchange(pipeline), mandatory: true, appId: 'test' })(all);

export function consumeLane(broker: Broker, pipeline: Pipeline, handler: BatchHandler, lane = 'primary'): Consumer {
  return consume(broker, {
    queue: names.lane(pipeline, lane),
    prefetch: 500,
    batchSize: 200,
    batchesInFlight: 2,
    keyOf: ({ messageId, tag }) => messageId ?? String(tag),
    handler,
    logger,
  });
}

/** What arrived, and when (`performance.now()`). */
export interface Arrival extends Delivery {
  readonly at: number;
}

/** Acks everything and remembers it. */
export function recorder() {
  const seen: Arrival[] = [];
  const handler: BatchHandler = (batch) => {
    const at = performance.now();
    seen.push(...batch.map((delivery) => ({ ...delivery, at })));
    return Promise.resolve(batch.map(() => ({ kind: 'ack' })));
  };
  return { seen, handler };
}
