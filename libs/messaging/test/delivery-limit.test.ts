import type { Channel, ConsumeMessage } from 'amqplib';
import { freshName } from '@esteira/tests/support';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openProxy } from './support/proxy.ts';
import { control, takeBackAfter, takeBackAsEver } from './support/running-broker.ts';
import { connected, isAtLeast, openStage, patient, type Stage } from './support/stage.ts';

// What docs/operations.md says of the delivery limit stands here: which ways back to a quorum queue count towards it.

let stage: Stage;
/** From 4.3 on a queue counts what failed, and no more what came back. */
let countsFailures: boolean;
let queue: string;

beforeAll(async () => {
  if (control !== undefined) await takeBackAfter(1_000);
  stage = await openStage();
  countsFailures = await isAtLeast(stage, 4, 3);
});

afterAll(async () => {
  await stage.close();
  if (control !== undefined) await takeBackAsEver();
});

/** A queue that gives up on a message when it comes back a second time, and a message in it. */
beforeEach(async () => {
  queue = freshName('q');
  const channel = await stage.broker.channel();
  await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 1 } });
  channel.sendToQueue(queue, Buffer.from('x'), { persistent: true });
  await channel.close();
});

async function ready(): Promise<number> {
  const channel = await stage.broker.channel();
  const { messageCount } = await channel.checkQueue(queue);
  await channel.close();
  return messageCount;
}

const untilReady = (count: number) =>
  vi.waitFor(async () => {
    expect(await ready()).toBe(count);
  }, patient);

/** A message with a consumer that has a connection of its own. */
interface Taken {
  readonly channel: Channel;
  readonly message: ConsumeMessage;
  /** Ends the consumer, so that the message does not come back to it. */
  readonly cancel: () => Promise<unknown>;
  /** When the broker has cancelled the consumer, or closed its channel. */
  readonly takenBack: Promise<undefined>;
  readonly cut: () => void;
}

/** Lets a consumer take the message and let go of it in some way. */
async function takeAnd(letGo: (taken: Taken) => unknown): Promise<void> {
  const proxy = await openProxy(stage.url);
  const broker = await connected(proxy.url);
  const channel = await broker.channel();
  const { promise: takenBack, resolve: takeBack } = Promise.withResolvers<undefined>();
  channel.once('close', () => {
    takeBack(undefined);
  });
  const { promise: taken, resolve: take } = Promise.withResolvers<ConsumeMessage>();
  const { consumerTag } = await channel.consume(queue, (message) => {
    if (message === null) takeBack(undefined);
    else take(message);
  });
  const cancel = () => channel.cancel(consumerTag);
  await letGo({ channel, message: await taken, cancel, takenBack, cut: proxy.cut });
  await broker.close();
  await proxy.close();
}

const REJECT = async ({ channel, message, cancel }: Taken) => {
  await cancel();
  channel.reject(message, true);
};

const NACK = async ({ channel, message, cancel }: Taken) => {
  await cancel();
  channel.nack(message, false, true);
  // A connection that ends at once may end before the queue has heard of it; then it counts as an end.
  await channel.close();
};

describe('a message comes nearer to its delivery limit', () => {
  it.each([
    ['a reject', REJECT],
    ['the end of its channel', ({ channel }: Taken) => channel.close()],
    ['the end of its connection', () => undefined],
    [
      'a cut of its connection',
      ({ cut }: Taken) => {
        cut();
      },
    ],
  ])('by %s, on each version', async (_way, letGo) => {
    await takeAnd(letGo);
    await untilReady(1);
    await takeAnd(letGo);
    await untilReady(0);
  });

  const before43 = async (_way: string, letGo: (taken: Taken) => unknown) => {
    await takeAnd(letGo);
    await untilReady(1);
    await takeAnd(letGo);
    await untilReady(countsFailures ? 1 : 0);
    if (!countsFailures) return;
    await takeAnd(letGo);
    await untilReady(1);
  };

  it.each([['a nack', NACK]])('by %s, before RabbitMQ 4.3 only', before43);

  it.skipIf(control === undefined).each([['the consumer timeout', ({ takenBack }: Taken) => takenBack]])(
    'by %s, before RabbitMQ 4.3 only',
    before43,
  );
});
