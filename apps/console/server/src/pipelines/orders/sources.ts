import { countDeadLetters } from '@esteira/dead-letters';
import { postgresRegister, redisRegister } from '@esteira/heartbeat';
import type { Broker } from '@esteira/messaging';
import { ordersPipeline } from '@esteira/orders/domain';
import type { Connections } from '../../connections.ts';
import { askApis } from '../../overview/api-processes.ts';
import type { Sources } from '../../overview/questions.ts';
import { askQueues } from '../../overview/queues.ts';
import { askRowToRest } from './row-to-rest.ts';

/** Whom the overview asks. Servers have the names of `make status`. */
export function sourcesOf(connections: Connections): Sources {
  const { systems, consumers, endput, redis, broker, management, attemptLog } = connections;
  const databases = systems.map(({ name, source }) => {
    return { name: `postgres-${name}`, role: 'source', check: () => source.query('SELECT 1') } as const;
  });
  return {
    pipeline: ordersPipeline.name,
    systems,
    consumers,
    processes: () => postgresRegister(endput).known(ordersPipeline.name),
    apis: () => askApis(redisRegister(redis), ordersPipeline.name, systems),
    servers: [
      ...databases,
      { name: 'endput', role: 'endput', check: () => endput.query('SELECT 1') },
      { name: 'redis', role: 'redis', check: () => redis.ready() },
      { name: 'rabbitmq', role: 'rabbitmq', check: () => brokerUsable(broker) },
      { name: 'mongodb', role: 'mongodb', check: () => attemptLog.ping() },
    ],
    queues: () => askQueues(ordersPipeline, management, broker),
    openDeadLetters: () => countDeadLetters(endput, ordersPipeline.name),
    rowToRest: () => askRowToRest(attemptLog),
  };
}

/** How long a connection that is being made is waited for, in milliseconds: a broker that is gone shows soon. */
const CONNECT_MS = 500;

async function brokerUsable(broker: Broker): Promise<void> {
  await broker.untilConnected(AbortSignal.timeout(CONNECT_MS)).catch(() => undefined); // The channel says why not.
  if (broker.blocked !== undefined) throw new Error(`RabbitMQ holds publishers back: ${broker.blocked}`);
  const channel = await broker.channel();
  await channel.close();
}
