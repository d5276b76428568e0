import { countDeadLetters } from '@esteira/dead-letters';
import { postgresRegister } from '@esteira/heartbeat';
import type { Broker } from '@esteira/messaging';
import type { Pipeline } from '@esteira/pipeline';
import type { Connections } from '../connections.ts';
import type { Sources } from '../overview/questions.ts';
import { askQueues } from '../overview/queues.ts';

/** Whom the overview of any pipeline asks. Servers have the names of `make status`. */
export function sharedSources(
  { endput, broker, management, attemptLogOf }: Omit<Connections, 'close'>,
  pipeline: Pipeline,
): Sources {
  return {
    pipeline: pipeline.name,
    systems: [],
    consumers: [],
    processes: () => postgresRegister(endput).known(pipeline.name),
    apis: () => Promise.resolve([]),
    servers: [
      { name: 'endput', role: 'endput', check: () => endput.query('SELECT 1') },
      { name: 'rabbitmq', role: 'rabbitmq', check: () => brokerUsable(broker) },
      { name: 'mongodb', role: 'mongodb', check: () => attemptLogOf(pipeline.name).ping() },
    ],
    queues: () => askQueues(pipeline, management, broker),
    openDeadLetters: () => countDeadLetters(endput, pipeline.name),
    rowToRest: () => Promise.resolve({ p50Ms: null, p99Ms: null, messages: 0 }),
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
