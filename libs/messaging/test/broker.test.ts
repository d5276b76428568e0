import { createLogger } from '@esteira/observability';
import { writeHeaders, type OutgoingMessage, type Pipeline, type RetryPolicy } from '@esteira/pipeline';
import { freshVirtualHost, serverSetting, type Fresh } from '@esteira/tests/support';
import { patient } from '@esteira/tests/patience';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  chooseDelayStrategy,
  connectBroker,
  consume,
  createPublisher,
  declareForGood,
  declareTopology,
  delayedExchangeStrategy,
  DelayStrategyRefused,
  hasDelayedExchange,
  joined,
  laneDepth,
  names,
  openManagement,
  pipelineTopology,
  queueDepths,
  TopologyMismatch,
  waitQueueStrategy,
  waitQueueTopology,
  type BatchHandler,
  type Broker,
  type Consumer,
  type Delivery,
} from '../src/index.ts';

const logger = createLogger({ name: 'test', level: 'silent' });
const policy: RetryPolicy = { maxAttempts: 5, delaysMs: [150], timeoutMs: 1_000 };

let vhost: Fresh;
let broker: Broker;
let pipelines = 0;

beforeAll(async () => {
  vhost = await freshVirtualHost();
  broker = await connectBroker({ url: vhost.url, name: 'test', logger });
  await broker.untilConnected();
});

afterAll(async () => {
  await broker.close();
  await vhost.drop();
});

const management = () => openManagement(serverSetting('RABBITMQ_MANAGEMENT_URL'), vhost.url);

/** A pipeline of its own for a test, declared. */
async function freshPipeline(): Promise<Pipeline> {
  pipelines += 1;
  const pipeline: Pipeline = {
    name: `p${pipelines}`,
    types: [{ name: 't', schemaVersion: 1 }],
    lanes: ['primary', 'secondary'],
  };
  const topology = joined(pipelineTopology(pipeline), waitQueueTopology(pipeline, policy.delaysMs));
  await declareTopology(broker, topology, management(), logger);
  return pipeline;
}

const messages = (count: number, lane = 'primary'): OutgoingMessage[] =>
  Array.from({ length: count }, (_, index) => ({
    messageId: `m-${index}`,
    type: 't',
    lane,
    body: Buffer.from(`{"n":${index}}`),
    headers: writeHeaders({ schemaVersion: 1, attempt: 1, maxAttempts: 5, round: 1 }),
  }));

const publisherOf = (pipeline: Pipeline) =>
  createPublisher(broker, { exchange: names.exchange(pipeline), mandatory: true, appId: 'test' });

function consumeAll(pipeline: Pipeline, handler: BatchHandler, lane = 'primary', ready?: () => Promise<unknown>) {
  return consume(broker, {
    queue: names.lane(pipeline, lane),
    prefetch: 100,
    batchSize: 50,
    batchesInFlight: 2,
    keyOf: ({ messageId, tag }) => messageId ?? String(tag),
    handler,
    logger,
    ...(ready && { ready }),
  });
}

/** Acks everything and remembers it. */
function recorder() {
  const seen: Delivery[] = [];
  const handler: BatchHandler = (batch) => {
    seen.push(...batch);
    return Promise.resolve(batch.map(() => ({ kind: 'ack' })));
  };
  return { seen, handler };
}

describe('publishing', () => {
  it('answers for each message, and what no queue takes is unroutable although the broker acks it', async () => {
    const pipeline = await freshPipeline();
    const batch = [...messages(3), { ...messages(1)[0]!, messageId: 'lost', lane: 'nowhere' }, ...messages(2)];
    expect(await publisherOf(pipeline)(batch)).toEqual([
      'confirmed',
      'confirmed',
      'confirmed',
      'unroutable',
      'confirmed',
      'confirmed',
    ]);
    expect(await laneDepth(broker, pipeline)).toBe(5);
  });

  it('tells of each of several with one id that no queue takes', async () => {
    const pipeline = await freshPipeline();
    const lost = { ...messages(1)[0]!, lane: 'nowhere' };
    expect(await publisherOf(pipeline)([lost, lost, lost])).toEqual(['unroutable', 'unroutable', 'unroutable']);
    expect(await publisherOf(pipeline)(messages(1))).toEqual(['confirmed']);
  });

  it('sends more than the socket takes at once', async () => {
    const pipeline = await freshPipeline();
    const large = messages(60).map((message) => ({ ...message, body: Buffer.alloc(200_000, 'x') }));
    expect(new Set(await publisherOf(pipeline)(large))).toEqual(new Set(['confirmed']));
  });

  it('rejects when its channel is lost, and works again afterwards', async () => {
    const pipeline = await freshPipeline();
    const publish = createPublisher(broker, { exchange: 'no-such-exchange', mandatory: true, appId: 'test' });
    await expect(publish(messages(1))).rejects.toThrow(/closed before it confirmed/);
    const channel = await broker.channel();
    await channel.assertExchange('no-such-exchange', 'fanout', { durable: false, autoDelete: true });
    await channel.bindQueue(names.lane(pipeline, 'primary'), 'no-such-exchange', '');
    expect(await publish(messages(1))).toEqual(['confirmed']);
    await channel.close();
  });
});

describe('consuming', () => {
  it('hands over everything, bytes and headers unchanged', async () => {
    const pipeline = await freshPipeline();
    const { seen, handler } = recorder();
    await publisherOf(pipeline)(messages(500));
    const consumer = consumeAll(pipeline, handler);
    await vi.waitFor(() => {
      expect(seen.length).toBe(500);
    }, patient);
    await consumer.stop(60_000);
    expect(seen.map(({ body }) => Buffer.from(body).toString())).toEqual(
      messages(500).map(({ body }) => Buffer.from(body).toString()),
    );
    expect(seen[0]).toMatchObject({ messageId: 'm-0', type: 't', lane: 'primary', redelivered: false });
    expect(seen[0]?.headers).toEqual(messages(1)[0]?.headers);
    expect(await laneDepth(broker, pipeline)).toBe(0);
  });

  it('does not make a lone message wait for company', async () => {
    const pipeline = await freshPipeline();
    const { seen, handler } = recorder();
    const consumer = consumeAll(pipeline, handler);
    await publisherOf(pipeline)(messages(1));
    await vi.waitFor(() => {
      expect(seen.length).toBe(1);
    }, patient);
    await consumer.stop(60_000);
  });

  it('never runs two copies of a message at once', async () => {
    const pipeline = await freshPipeline();
    const running = new Set<string>();
    let handled = 0;
    const consumer = consumeAll(pipeline, async (batch) => {
      for (const { messageId } of batch) {
        expect(running.has(messageId ?? '')).toBe(false);
        running.add(messageId ?? '');
      }
      await new Promise((resolve) => setImmediate(resolve));
      for (const { messageId } of batch) running.delete(messageId ?? '');
      handled += batch.length;
      return batch.map(() => ({ kind: 'ack' }));
    });
    await publisherOf(pipeline)([...messages(20), ...messages(20), ...messages(20)]);
    await vi.waitFor(() => {
      expect(handled).toBe(60);
    }, patient);
    await consumer.stop(60_000);
    expect(consumer.state.kind).toBe('stopped');
  });

  it('gives back a batch whose handler fails, says why, and goes on by itself', async () => {
    const pipeline = await freshPipeline();
    const { seen, handler } = recorder();
    let failures = 0;
    const states: string[] = [];
    const failing: BatchHandler = (batch, done) => {
      if (failures === 2) return handler(batch, done);
      failures += 1;
      return Promise.reject(new Error('the endput is down'));
    };
    // It is asked for before each time that it takes messages: its state is still that of the time between.
    const consumer: Consumer = consumeAll(pipeline, failing, 'primary', () => {
      if (consumer.state.kind === 'backing-off') states.push(consumer.state.fault.message);
      return Promise.resolve();
    });
    await publisherOf(pipeline)(messages(30));
    await vi.waitFor(() => {
      expect(new Set(seen.map(({ messageId }) => messageId)).size).toBe(30);
    }, patient);
    await consumer.stop(60_000);
    expect(states).toContain('the endput is down');
    expect(seen.some(({ redelivered }) => redelivered)).toBe(true);
    expect(await laneDepth(broker, pipeline)).toBe(0);
  });

  it('takes nothing while it is not ready, so that an outage spends no delivery', async () => {
    const pipeline = await freshPipeline();
    const { seen, handler } = recorder();
    let asked = 0;
    await publisherOf(pipeline)(messages(10));
    const ready = () => (asked++ < 2 ? Promise.reject(new Error('the endput is down')) : Promise.resolve());
    const consumer = consumeAll(pipeline, handler, 'primary', ready);
    await vi.waitFor(() => {
      expect(seen.length).toBe(10);
    }, patient);
    await consumer.stop(60_000);
    expect(seen.some(({ redelivered }) => redelivered)).toBe(false);
  });

  it('holds few messages at once when they are large, and gets through them', async () => {
    const pipeline = await freshPipeline();
    const large = messages(150).map((message) => ({ ...message, body: Buffer.alloc(900_000, 'x') }));
    await publisherOf(pipeline)(large);
    const seen = new Set<string>();
    let most = 0;
    const consumer = consumeAll(pipeline, (batch) => {
      most = Math.max(most, batch.length);
      for (const { messageId = '' } of batch) seen.add(messageId);
      return Promise.resolve(batch.map(() => ({ kind: 'ack' })));
    });
    await vi.waitFor(() => {
      expect(seen.size).toBe(150);
    }, patient);
    await consumer.stop(60_000);
    expect(most).toBeLessThanOrEqual(18);
  });

  it('ends within its time even when a batch never does, and gives that batch back', async () => {
    const pipeline = await freshPipeline();
    await publisherOf(pipeline)(messages(10));
    let taken = 0;
    const consumer = consumeAll(pipeline, (batch) => {
      taken += batch.length;
      return new Promise(() => undefined);
    });
    await vi.waitFor(() => {
      expect(taken).toBe(10);
    }, patient);
    await consumer.stop(100);
    expect(consumer.state.kind).toBe('stopped');
    await vi.waitFor(async () => {
      expect(await laneDepth(broker, pipeline)).toBe(10);
    }, patient);
  });

  it('gives back one message and acks its neighbours', async () => {
    const pipeline = await freshPipeline();
    const acked: string[] = [];
    let returned = 0;
    const consumer = consumeAll(pipeline, (batch) =>
      Promise.resolve(
        batch.map(({ messageId = '' }) => {
          if (messageId === 'm-3' && returned++ < 2) {
            return { kind: 'return', fault: { code: 'test', message: 'not now' } };
          }
          acked.push(messageId);
          return { kind: 'ack' };
        }),
      ),
    );
    await publisherOf(pipeline)(messages(8));
    await vi.waitFor(() => {
      expect(new Set(acked).size).toBe(8);
    }, patient);
    await consumer.stop(60_000);
    expect(acked.filter((id) => id === 'm-3')).toHaveLength(1);
    expect(await laneDepth(broker, pipeline)).toBe(0);
  });

  it('acks what is done while another of its batch takes long, once each, and then that one', async () => {
    const pipeline = await freshPipeline();
    await publisherOf(pipeline)(messages(150));
    const { promise: confirmed, resolve: confirm } = Promise.withResolvers<undefined>();
    // One only: another might come in another batch, and two batches that wait hold up all others.
    const slow = new Set(['m-3']);
    const begun = new Set<string>();
    const consumer = consumeAll(pipeline, async (batch, done) => {
      for (const { messageId = '' } of batch) begun.add(messageId);
      done(batch.filter(({ messageId = '' }) => !slow.has(messageId)));
      if (batch.some(({ messageId = '' }) => slow.has(messageId))) await confirmed;
      return batch.map(() => ({ kind: 'ack' }));
    });
    // The prefetch is 100: the broker hands out the others only when it has acks.
    await vi.waitFor(() => {
      expect(begun.size).toBe(150);
    }, patient);
    confirm(undefined);
    await consumer.stop(60_000);
    const channel = await broker.channel();
    // Every return of a delivery would have made it come once more, and an ack too many would have closed the channel.
    expect(await channel.get(names.lane(pipeline, 'primary'))).toBe(false);
    await channel.close();
  });

  it('gives back of a batch that fails only what was not done', async () => {
    const pipeline = await freshPipeline();
    await publisherOf(pipeline)(messages(10));
    const seen: string[] = [];
    let failed = false;
    const consumer = consumeAll(pipeline, (batch, done) => {
      seen.push(...batch.map(({ messageId = '' }) => messageId));
      if (failed || batch.every(({ messageId }) => messageId !== 'm-5'))
        return Promise.resolve(batch.map(() => ({ kind: 'ack' })));
      failed = true;
      done(batch.filter(({ messageId }) => messageId !== 'm-5'));
      return Promise.reject(new Error('the hand-over was refused'));
    });
    await vi.waitFor(() => {
      expect(new Set(seen).size).toBe(10);
      expect(seen).toHaveLength(11);
    }, patient);
    await consumer.stop(60_000);
    expect(seen.filter((id) => id === 'm-5')).toHaveLength(2);
    expect(await laneDepth(broker, pipeline)).toBe(0);
  });

  it('starts again when the queue was deleted under it', async () => {
    const pipeline = await freshPipeline();
    const { seen, handler } = recorder();
    const consumer = consumeAll(pipeline, handler);
    await vi.waitFor(() => {
      expect(consumer.state.kind).toBe('consuming');
    }, patient);
    const channel = await broker.channel();
    await channel.deleteQueue(names.lane(pipeline, 'primary'));
    await channel.close();
    await vi.waitFor(() => {
      expect(consumer.state.kind).toBe('backing-off');
    }, patient);
    await declareTopology(broker, pipelineTopology(pipeline), management(), logger);
    await publisherOf(pipeline)(messages(1));
    await vi.waitFor(() => {
      expect(seen.length).toBe(1);
    }, patient);
    await consumer.stop(60_000);
  });

  it('tells of messages that are taken back while they are in work', async () => {
    const pipeline = await freshPipeline();
    await publisherOf(pipeline)(messages(3));
    const lines: string[] = [];
    const telling = createLogger({ name: 'test', level: 'warn', destination: { write: (line) => lines.push(line) } });
    const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
    let begun = 0;
    const consumer = consume(broker, {
      queue: names.lane(pipeline, 'primary'),
      ...{ prefetch: 100, batchSize: 50, batchesInFlight: 2, logger: telling },
      keyOf: ({ messageId }) => messageId ?? '',
      handler: async (batch) => {
        begun += batch.length;
        await gate;
        return batch.map(() => ({ kind: 'ack' }));
      },
    });
    await vi.waitFor(() => {
      expect(begun).toBe(3);
    }, patient);
    // What a consumer timeout is to a consumer of 4.3: it is cancelled.
    const channel = await broker.channel();
    await channel.deleteQueue(names.lane(pipeline, 'primary'));
    await channel.close();
    await vi.waitFor(() => {
      expect(lines.find((line) => line.includes('took back messages'))).toMatch(
        /"inWork":3,"messageIds":\["m-0","m-1","m-2"\]/,
      );
    }, patient);
    open(undefined);
    await consumer.stop(5_000);
  });

  it('finishes what is in flight when it is stopped, and gives back the rest', async () => {
    const pipeline = await freshPipeline();
    await publisherOf(pipeline)(messages(300));
    const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
    let handled = 0;
    const consumer = consumeAll(pipeline, async (batch) => {
      await gate;
      handled += batch.length;
      return batch.map(() => ({ kind: 'ack' }));
    });
    await vi.waitFor(async () => {
      expect(await laneDepth(broker, pipeline)).toBe(200);
    }, patient);
    const stopped = consumer.stop(60_000);
    open(undefined);
    await stopped;
    expect(handled).toBeGreaterThan(0);
    // What was given back counts again as soon as the queue has heard of it, which may be after the channel closed.
    await vi.waitFor(async () => {
      expect(handled + (await laneDepth(broker, pipeline))).toBe(300);
    }, patient);
  });
});

describe('a message that waits for a retry', () => {
  it('comes back after its delay to the lane it came from, its headers as they were sent', async () => {
    const pipeline = await freshPipeline();
    const { seen, handler } = recorder();
    const consumer = consumeAll(pipeline, handler, 'secondary');
    const sentAt = performance.now();
    await waitQueueStrategy(broker, pipeline).hand(messages(100, 'secondary'), 150);
    await vi.waitFor(() => {
      expect(seen.length).toBe(100);
    }, patient);
    expect(performance.now() - sentAt).toBeGreaterThanOrEqual(150);
    await consumer.stop(60_000);
    expect(new Set(seen.map(({ lane }) => lane))).toEqual(new Set(['secondary']));
    expect(seen[0]?.headers).toMatchObject(messages(1)[0]?.headers ?? {});
  });

  it('is refused when its queue is not there, so that nothing is acked for it', async () => {
    const pipeline = await freshPipeline();
    await expect(waitQueueStrategy(broker, pipeline).hand(messages(1), 77)).rejects.toThrow();
  });
});

describe('the choice of the delay strategy', () => {
  const choose = (setting: 'auto' | 'wait-queue' | 'delayed-exchange', pipeline: Pipeline, with_ = policy) =>
    chooseDelayStrategy(setting, with_, { url: vhost.url, connection: broker, pipeline });

  it('is the wait queue by default', async () => {
    const { strategy, why } = await choose('auto', await freshPipeline());
    expect([strategy.name, why]).toEqual(['wait-queue', 'it is safe on every broker']);
  });

  it('stops the start when the broker lacks the plugin, and says what to do', async ({ skip }) => {
    skip(await hasDelayedExchange(vhost.url), 'this broker has the plugin');
    await expect(choose('delayed-exchange', await freshPipeline())).rejects.toThrow(DelayStrategyRefused);
    await expect(choose('delayed-exchange', await freshPipeline())).rejects.toThrow(/DELAY_STRATEGY=wait-queue/);
    expect(broker.connected).toBe(true);
  });

  it('refuses a delay that no queue can have', async () => {
    const tooLong: RetryPolicy = { ...policy, delaysMs: [2 ** 40] };
    await expect(choose('auto', await freshPipeline(), tooLong)).rejects.toThrow(/longer than a queue's TTL/);
  });

  it('refuses jitter where all wait equally long, and delays that jitter makes too long', async () => {
    const pipeline = await freshPipeline();
    await expect(choose('wait-queue', pipeline, { ...policy, jitter: 0.2 })).rejects.toThrow(/equally long/);
    const delayed = delayedExchangeStrategy(broker, pipeline);
    expect(delayed.canExpress({ ...policy, jitter: 0.2 })).toBe(true);
    const almost: RetryPolicy = { ...policy, delaysMs: [2 ** 32 - 1] };
    expect(delayed.canExpress(almost)).toBe(true);
    expect(delayed.canExpress({ ...almost, jitter: 0.001 })).toEqual({
      why: expect.stringMatching(/longer than the plugin keeps/) as string,
    });
  });
});

describe('declaring', () => {
  it('can be done again and again', async () => {
    const pipeline = await freshPipeline();
    await declareTopology(broker, pipelineTopology(pipeline), management(), logger);
    await declareTopology(broker, pipelineTopology(pipeline), management(), logger);
  });

  it('waits for new queues to settle, whoever declared them, once in a process', async () => {
    const queue = { name: 'settles', arguments: { 'x-queue-type': 'quorum' } };
    const topology = { exchanges: [], bindings: [], queues: [queue] };
    const other = await connectBroker({ url: vhost.url, name: 'test', logger });
    await other.untilConnected();
    let waits = 0;
    const declare = (by: Broker) =>
      declareForGood(by, topology, management(), logger, () => Promise.resolve((waits += 1)));
    await declare(broker);
    expect(waits).toBe(1);
    await declare(other);
    expect(waits).toBe(2);
    for (const by of [broker, other]) await declare(by);
    expect(waits).toBe(2);
    const channel = await broker.channel();
    await channel.deleteQueue(queue.name);
    await channel.close();
    await declare(other);
    expect(waits).toBe(3);
    await other.close();
  });

  it('names the difference when a queue exists with another argument the broker compares', async () => {
    const pipeline = await freshPipeline();
    const [queue] = waitQueueTopology(pipeline, [150]).queues;
    const other = {
      exchanges: [],
      bindings: [],
      queues: [{ ...queue!, arguments: { ...queue!.arguments, 'x-message-ttl': 151 } }],
    };
    await expect(declareTopology(broker, other, management(), logger)).rejects.toThrow(/x-message-ttl/);
  });

  it('names the difference when a queue exists with an argument the broker accepts silently', async () => {
    const pipeline = await freshPipeline();
    const queue = { name: `${pipeline.name}.other`, arguments: { 'x-queue-type': 'quorum', 'x-unknown': 1 } };
    const topology = { exchanges: [], bindings: [], queues: [queue] };
    await declareTopology(broker, topology, management(), logger);
    const changed = { ...topology, queues: [{ ...queue, arguments: { 'x-queue-type': 'quorum', 'x-unknown': 2 } }] };
    const declaring = declareTopology(broker, changed, management(), logger);
    await expect(declaring).rejects.toThrow(TopologyMismatch);
    await expect(declaring).rejects.toThrow(/x-unknown is 1, but 2 is needed/);
  });
});

describe('depths', () => {
  it('count lanes, what waits with any delay, dead letters and returned messages', async () => {
    const pipeline = await freshPipeline();
    const long = waitQueueTopology(pipeline, [600_000]);
    await declareTopology(broker, long, management(), logger);
    const channel = await broker.channel();
    await channel.unbindQueue(names.lane(pipeline, 'secondary'), names.exchange(pipeline), 'secondary');
    await channel.close();
    await publisherOf(pipeline)(messages(5));
    await waitQueueStrategy(broker, pipeline).hand(messages(4), 600_000);
    // Due, but their lane can't be reached: they still wait.
    await waitQueueStrategy(broker, pipeline).hand(messages(2, 'secondary'), 150);
    await vi.waitFor(async () => {
      expect(await queueDepths(management(), pipeline)).toEqual({ lanes: 5, waiting: 6, deadLetters: 0, returned: 0 });
    }, patient);
  });
});
