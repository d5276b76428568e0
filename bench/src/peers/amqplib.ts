import { connect, type Channel, type ConfirmChannel, type ConsumeMessage } from 'amqplib';
import { RETRY_DELAY_MS, type Handler, type Peer, type PeerJob } from './peer.ts';

/**
 * The least that the job takes through RabbitMQ: bare amqplib and the two stores, written for this bench and for
 * nothing else. No exchange, headers, message id or `mandatory`; nothing is recalled, declared as a topology, observed
 * or recovered; an order that fails is published to a wait queue, confirmed, and acked.
 *
 * It is no peer that one would take, and not counted as one: it shows what is left of the ceiling once the rows are
 * read, stored and logged, however the code between is written. Its window, prefetch and batches are Esteira's.
 */
export const bareAmqplib: Peer = {
  name: 'bare amqplib',
  prepare: async ({ rabbitmqUrl }) => {
    const connection = await connect(rabbitmqUrl);
    const channel = await connection.createChannel();
    await channel.assertQueue(QUEUE, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    await channel.assertQueue(WAIT, { durable: true, arguments: WAIT_QUEUE });
    await connection.close();
  },
  openProducer: async ({ rabbitmqUrl }) => {
    const channel = await (await connect(rabbitmqUrl)).createConfirmChannel();
    return (jobs) =>
      publish(
        channel,
        QUEUE,
        jobs.map((job) => ({ ...job, attempt: 1 })),
      );
  },
  startWorker: async ({ rabbitmqUrl }, handler) => {
    const connection = await connect(rabbitmqUrl);
    const [incoming, again] = [await connection.createChannel(), await connection.createConfirmChannel()];
    await incoming.prefetch(PREFETCH);
    const work = batches(incoming, again, handler);
    await incoming.consume(QUEUE, (message) => {
      if (message !== null) work(message);
    });
  },
  left: async ({ rabbitmqUrl }) => {
    const connection = await connect(rabbitmqUrl);
    const channel = await connection.createChannel();
    const queues = await Promise.all([channel.checkQueue(QUEUE), channel.checkQueue(WAIT)]);
    await connection.close();
    return queues.reduce((sum, { messageCount }) => sum + messageCount, 0);
  },
};

type Payload = PeerJob & { readonly attempt: number };

const QUEUE = 'orders';
const WAIT = 'orders.wait';
const PREFETCH = 4_000;
const BATCH = 1_000;
const AT_ONCE = 2;

/** At least once, as Esteira's: with RabbitMQ's default, messages are lost when it is killed around their expiry. */
const WAIT_QUEUE = {
  'x-queue-type': 'quorum',
  'x-message-ttl': RETRY_DELAY_MS,
  'x-dead-letter-exchange': '',
  'x-dead-letter-routing-key': QUEUE,
  'x-dead-letter-strategy': 'at-least-once',
  'x-overflow': 'reject-publish',
};

/** Resolves when all are confirmed. */
function publish(channel: ConfirmChannel, queue: string, payloads: readonly Payload[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  let unanswered = payloads.length;
  const onConfirm = (error: unknown) => {
    unanswered -= 1;
    if (error != null) reject(error instanceof Error ? error : new Error('a message was nacked'));
    else if (unanswered === 0) resolve(undefined);
  };
  for (const payload of payloads) {
    channel.sendToQueue(queue, Buffer.from(JSON.stringify(payload)), { persistent: true }, onConfirm);
  }
  return promise;
}

/** Works in batches that close when they are full or when the socket brings no more; acks them in order. */
function batches(incoming: Channel, again: ConfirmChannel, handler: Handler): (message: ConsumeMessage) => void {
  let waiting: ConsumeMessage[] = [];
  let running = 0;
  let before: Promise<unknown> = Promise.resolve();
  let scheduled = false;
  const run = async (batch: readonly ConsumeMessage[]) => {
    const earlier = before;
    const handled = handleBatch(again, handler, batch);
    before = handled;
    await Promise.all([earlier, handled]);
    const last = batch.at(-1);
    if (last !== undefined) incoming.ack(last, true);
    running -= 1;
    start();
  };
  const start = () => {
    scheduled = false;
    while (waiting.length > 0 && running < AT_ONCE) {
      const batch = waiting.slice(0, BATCH);
      waiting = waiting.slice(BATCH);
      running += 1;
      void run(batch);
    }
  };
  return (message) => {
    waiting.push(message);
    if (scheduled) return;
    scheduled = true;
    setImmediate(start);
  };
}

async function handleBatch(again: ConfirmChannel, handler: Handler, batch: readonly ConsumeMessage[]): Promise<void> {
  const payloads = batch.map(({ content }) => JSON.parse(content.toString()) as Payload);
  const succeeded = await handler.all(payloads.map(({ attempt, ...job }) => ({ job, attempt })));
  const failed = payloads.filter((_, index) => succeeded[index] !== true);
  const next = failed.map((payload) => ({ ...payload, attempt: payload.attempt + 1 }));
  if (next.length > 0) await publish(again, WAIT, next);
}
