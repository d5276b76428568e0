import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Pipeline } from '@esteira/pipeline';
import {
  connectBroker,
  names,
  pipelineTopology,
  waitQueueTopology,
  type Broker,
  type Queue,
  type Topology,
} from '../src/index.ts';
import {
  declare,
  freshPipeline,
  logger,
  messageOf,
  messages,
  openStage,
  patient,
  publish,
  type Stage,
} from './support/stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
});

afterAll(() => stage.close());

/** Messages ready in a queue, now. */
async function ready(queue: string): Promise<number> {
  const channel = await stage.broker.channel();
  const { messageCount } = await channel.checkQueue(queue);
  await channel.close();
  return messageCount;
}

const untilReady = (queue: string, count: number) =>
  vi.waitFor(async () => {
    expect(await ready(queue)).toBe(count);
  }, patient);

/** Takes `count` messages and lets go of them as a consumer does that crashes: its channel ends without a word. */
async function takeAndCrash(broker: Broker, queue: string, count: number): Promise<void> {
  const channel = await broker.channel();
  for (let taken = 0; taken < count; taken += 1) await channel.get(queue);
  await channel.close();
}

/** Takes one message and gives it back. */
async function takeAndGiveBack(queue: string): Promise<void> {
  const channel = await stage.broker.channel();
  await channel.get(queue);
  channel.nackAll(true);
  await channel.close();
}

/** The topology with another delivery limit on its lanes: 1,001 returns would take too long. */
const withLimit = (topology: Topology, limit: number): Topology => ({
  ...topology,
  queues: topology.queues.map((queue) =>
    'x-dead-letter-exchange' in queue.arguments
      ? { ...queue, arguments: { ...queue.arguments, 'x-delivery-limit': limit } }
      : queue,
  ),
});

async function pipelineWithLimit(limit: number): Promise<Pipeline> {
  const name = `limited${limit}`;
  const pipeline: Pipeline = { name, types: [{ name: 't', schemaVersion: 1 }], lanes: ['primary'] };
  await declare(stage, withLimit(pipelineTopology(pipeline), limit));
  return pipeline;
}

describe('a message that comes back again and again', () => {
  it('ends among the returned messages, bytes and headers unchanged, when its lane gives up on it', async () => {
    const pipeline = await pipelineWithLimit(3);
    const [lane, returned] = [names.lane(pipeline, 'primary'), names.returnedQueue(pipeline)];
    await publish(stage, pipeline, [messageOf(1)]);
    for (let returns = 0; returns < 3; returns += 1) {
      await untilReady(lane, 1);
      await takeAndCrash(stage.broker, lane, 1);
    }
    await untilReady(lane, 1); // The limit is how often it may come back.
    await takeAndCrash(stage.broker, lane, 1);
    await untilReady(returned, 1);
    expect(await ready(lane)).toBe(0);
    const channel = await stage.broker.channel();
    const message = await channel.get(returned);
    await channel.close();
    const sent = messageOf(1);
    if (message === false) throw new Error('There is no returned message.');
    expect(message.content.equals(Buffer.from(sent.body))).toBe(true);
    expect(message.properties).toMatchObject({ messageId: 'm-1', type: 't' });
    expect(message.properties.headers).toMatchObject(sent.headers);
    expect(message.fields.routingKey).toBe('primary');
  });

  it('spends one return of all that were held with it: a crash costs its neighbours as much', async () => {
    const pipeline = await pipelineWithLimit(4);
    const [lane, returned] = [names.lane(pipeline, 'primary'), names.returnedQueue(pipeline)];
    await publish(stage, pipeline, messages(10));
    for (let crashes = 0; crashes < 4; crashes += 1) {
      await untilReady(lane, 10);
      await takeAndCrash(stage.broker, lane, 10);
    }
    await untilReady(lane, 10);
    await takeAndCrash(stage.broker, lane, 10);
    await untilReady(returned, 10);
    expect(await ready(lane)).toBe(0);
  });

  it.each(['lane', 'queue of dead letters', 'queue of returned messages'] as const)(
    'is never dropped by a %s for less than a thousand crashes',
    async (what) => {
      const pipeline = await freshPipeline(stage);
      const queue = {
        lane: names.lane(pipeline, 'primary'),
        'queue of dead letters': names.deadLetterQueue(pipeline),
        'queue of returned messages': names.returnedQueue(pipeline),
      }[what];
      const channel = await stage.broker.channel();
      channel.sendToQueue(queue, Buffer.from('x'), { persistent: true });
      await channel.close();
      // RabbitMQ >= 4.0 drops after 20 where nothing is set; 3.10 drops at the first reject where -1 is set.
      for (let returns = 0; returns < 30; returns += 1) {
        await untilReady(queue, 1);
        if (returns % 2 === 0) await takeAndGiveBack(queue);
        else await takeAndCrash(stage.broker, queue, 1);
      }
      await untilReady(queue, 1);
    },
  );

  it('comes back although the consumer never said goodbye: its connection was cut', async () => {
    const pipeline = await freshPipeline(stage);
    const lane = names.lane(pipeline, 'primary');
    const other = await connectBroker({ url: stage.url, name: 'cut', logger });
    await other.untilConnected();
    await publish(stage, pipeline, messages(5));
    const channel = await other.channel();
    for (let taken = 0; taken < 5; taken += 1) await channel.get(lane);
    expect(await ready(lane)).toBe(0);
    await other.close();
    await untilReady(lane, 5);
  });
});

describe('the queues of a pipeline', () => {
  const all = (pipeline: Pipeline): readonly Queue[] => [
    ...pipelineTopology(pipeline).queues,
    ...waitQueueTopology(pipeline, [10_000, 60_000]).queues,
  ];

  it('say what they need: quorum, a delivery limit above zero wherever messages are taken, no expiry of queues', () => {
    const pipeline: Pipeline = { name: 'p', types: [{ name: 't', schemaVersion: 1 }], lanes: ['primary', 'secondary'] };
    for (const { name, arguments: args } of all(pipeline)) {
      expect(args, name).toMatchObject({ 'x-queue-type': 'quorum' });
      expect(args, name).not.toHaveProperty('x-expires');
      if (!name.includes('.wait.')) expect(args['x-delivery-limit'], name).toBeGreaterThanOrEqual(1_000);
      if ('x-dead-letter-exchange' in args) {
        expect(args).toMatchObject({ 'x-dead-letter-strategy': 'at-least-once', 'x-overflow': 'reject-publish' });
        expect(args).not.toHaveProperty('x-dead-letter-routing-key');
      }
    }
  });
});
