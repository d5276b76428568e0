import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { closeChannel } from '../src/close-channel.ts';
import { consume, names } from '../src/index.ts';
import { openProxy } from './support/proxy.ts';
import {
  connected,
  freshPipeline,
  logger,
  messages,
  openStage,
  patient,
  publish,
  type Stage,
} from './support/stage.ts';

let stage: Stage;
beforeAll(async () => (stage = await openStage()));
afterAll(() => stage.close());

/** A connection that may be broken. */
async function breakable() {
  const proxy = await openProxy(stage.url);
  onTestFinished(() => proxy.close());
  const broker = await connected(proxy.url);
  onTestFinished(() => broker.close());
  return { proxy, broker };
}

describe('a channel', () => {
  it('is closed once RabbitMQ says so; to close it again is refused', async () => {
    const channel = await stage.broker.channel();
    await closeChannel(channel);
    await expect(closeChannel(channel)).rejects.toThrow('Channel closed');
  });

  it('is closed too when its connection ends before RabbitMQ has said so', async () => {
    const { proxy, broker } = await breakable();
    const channel = await broker.channel();
    proxy.holdAnswers();
    const closing = closeChannel(channel);
    proxy.cut();
    await closing;
  });
});

describe.each(['each', 'batch'] as const)('a consumer of messages (%s)', (mode) => {
  it('stops though RabbitMQ answers nothing any more', async () => {
    const { proxy, broker } = await breakable();
    const pipeline = await freshPipeline(stage);
    await publish(stage, pipeline, messages(3));
    let seen = 0;
    const consumer = consume(broker, {
      ...{ queue: names.lane(pipeline, 'primary'), mode, prefetch: 3, batchSize: 1, batchesInFlight: 3, logger },
      keyOf: ({ tag }) => String(tag),
      handler: () => {
        seen += 1;
        return new Promise(() => undefined);
      },
    });
    await vi.waitFor(() => {
      expect(seen).toBe(3);
    }, patient);
    proxy.holdAnswers();
    // A question that is asked at the same moment has no answer before the connection counts as lost.
    const channel = await stage.broker.channel();
    onTestFinished(() => closeChannel(channel));
    const unanswered = broker.channel().then(
      () => 'answered',
      () => 'the connection is lost',
    );
    expect(await Promise.race([consumer.stop(0).then(() => 'stopped'), unanswered])).toBe('stopped');
  });
});
