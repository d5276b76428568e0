import { connect } from 'amqplib';
import rascal from 'rascal';
import { RETRY_DELAY_MS, type Peer, type PeerJob } from './peer.ts';

/**
 * rascal on RabbitMQ, with a quorum queue like Esteira's. Tuned after https://github.com/onebeyond/rascal#readme:
 * - published with confirms. It borrows a channel from a pool for each message until it is confirmed, so a large pool
 *   is what lets many be under way (section "Channel pools").
 * - a high prefetch (section "Subscriptions"), since jobs that run at once share statements.
 * - its own delayed retry: the recovery strategy `forward` to a wait queue whose messages expire back (section
 *   "Forward"), as durable as Esteira's. `republish` with `defer` opens and closes a channel for each message: 40 times slower.
 * rascal acks message by message: its `all` would ack what is still being worked on.
 */
export const rascalPeer: Peer = {
  name: 'rascal',
  prepare: async ({ rabbitmqUrl }) => {
    const broker = await open(rabbitmqUrl, 1);
    await broker.shutdown();
  },
  openProducer: async ({ rabbitmqUrl }) => {
    const broker = await open(rabbitmqUrl, 1);
    const publish = async (job: PeerJob) => {
      const publication = await broker.publish(QUEUE, job, { options: { messageId: job.message_id } });
      await new Promise((resolve, reject) => {
        publication.on('success', resolve).on('error', reject).on('return', reject);
      });
    };
    return async (jobs) => {
      await Promise.all(jobs.map(publish));
    };
  },
  startWorker: async ({ rabbitmqUrl }, handler) => {
    const broker = await open(rabbitmqUrl, handler.mode === 'coalesced' ? 4_000 : 100);
    const subscription = await broker.subscribe(QUEUE);
    const recovery = { strategy: 'forward' as const, publication: RETRY };
    subscription.on('message', (message, job: PeerJob, ackOrNack) => {
      handler.one({ job, attempt: attemptOf(message.properties.headers) }).then(
        (succeeded) => {
          if (succeeded) ackOrNack();
          else ackOrNack(new Error('Simulated failure'), recovery);
        },
        (error: unknown) => {
          console.error(error);
        },
      );
    });
    subscription.on('error', (error) => {
      console.error(error);
    });
  },
  left: async ({ rabbitmqUrl }) => {
    const connection = await connect(rabbitmqUrl);
    const { messageCount } = await (await connection.createChannel()).checkQueue(QUEUE);
    await connection.close();
    return messageCount;
  },
};

const QUEUE = 'orders';
const RETRY = 'orders.retry';
const CHANNELS = 200;

/** As Esteira's: at least once. */
const WAIT_QUEUE = {
  'x-queue-type': 'quorum',
  'x-message-ttl': RETRY_DELAY_MS,
  'x-dead-letter-exchange': '',
  'x-dead-letter-routing-key': QUEUE,
  'x-dead-letter-strategy': 'at-least-once',
  'x-overflow': 'reject-publish',
};

/** rascal counts its own forwarding in a header. */
function attemptOf(headers: unknown): number {
  const { rascal: own } = headers as { rascal?: { recovery?: Record<string, { forwarded?: number }> } };
  return (own?.recovery?.[QUEUE]?.forwarded ?? 0) + 1;
}

async function open(url: string, prefetch: number) {
  const pools = { confirmPool: { max: CHANNELS, min: 1, autostart: true } };
  const broker = await rascal.BrokerAsPromised.create({
    vhosts: {
      [new URL(url).pathname.slice(1)]: {
        connections: [{ url }],
        publicationChannelPools: pools,
        queues: {
          [QUEUE]: { options: { durable: true, arguments: { 'x-queue-type': 'quorum' } } },
          [RETRY]: { options: { durable: true, arguments: WAIT_QUEUE } },
        },
        publications: Object.fromEntries(
          [QUEUE, RETRY].map((queue) => [queue, { queue, confirm: true, options: { persistent: true } }]),
        ),
        subscriptions: { [QUEUE]: { queue: QUEUE, prefetch } },
      },
    },
  });
  broker.on('error', (error) => {
    console.error(error);
  });
  return broker;
}
