import { connect } from 'amqplib';
import rascal from 'rascal';
import type { Peer, PeerJob } from './peer.ts';

/**
 * rascal on RabbitMQ, with a quorum queue like Esteira's. Tuned after https://github.com/onebeyond/rascal#readme:
 * - published with confirms. It borrows a channel from a pool for each message until it is confirmed, so a large pool
 *   is what lets many be under way (section "Channel pools").
 * - a high prefetch (section "Subscriptions"), since jobs that run at once share statements.
 * - its own delayed retry: the recovery strategy `republish` with `defer` (section "Message Acknowledgement and Recovery
 *   Strategies").
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
    const recovery = { strategy: 'republish' as const, defer: handler.retryDelayMs };
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
const CHANNELS = 200;

/** rascal counts its own republishing in a header. */
function attemptOf(headers: unknown): number {
  const { rascal: own } = headers as { rascal?: { recovery?: Record<string, { republished?: number }> } };
  return (own?.recovery?.[QUEUE]?.republished ?? 0) + 1;
}

async function open(url: string, prefetch: number) {
  const pools = { confirmPool: { max: CHANNELS, min: 1, autostart: true } };
  const broker = await rascal.BrokerAsPromised.create({
    vhosts: {
      [new URL(url).pathname.slice(1)]: {
        connections: [{ url }],
        publicationChannelPools: pools,
        queues: { [QUEUE]: { options: { durable: true, arguments: { 'x-queue-type': 'quorum' } } } },
        publications: { [QUEUE]: { queue: QUEUE, confirm: true, options: { persistent: true } } },
        subscriptions: { [QUEUE]: { queue: QUEUE, prefetch } },
      },
    },
  });
  broker.on('error', (error) => {
    console.error(error);
  });
  return broker;
}
