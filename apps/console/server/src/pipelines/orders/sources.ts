import { redisRegister } from '@esteira/heartbeat';
import { ordersPipeline } from '@esteira/orders/domain';
import { askApis } from '../../overview/api-processes.ts';
import type { Sources } from '../../overview/questions.ts';
import { sharedSources } from '../sources.ts';
import type { OrdersConnections } from './connections.ts';
import { askRowToRest } from './row-to-rest.ts';

/** Whom the overview of orders asks. Servers have the names of `make status`. */
export function sourcesOf(connections: OrdersConnections): Sources {
  const { systems, consumers, redis, attemptLog } = connections;
  const shared = sharedSources(connections, ordersPipeline);
  const databases = systems.map(({ name, source }) => {
    return { name: `postgres-${name}`, role: 'source', check: () => source.query('SELECT 1') } as const;
  });
  const [endput, ...others] = shared.servers;
  return {
    ...{ ...shared, systems, consumers },
    apis: () => askApis(redisRegister(redis), ordersPipeline.name, systems),
    servers: [
      ...databases,
      ...(endput === undefined ? [] : [endput]),
      { name: 'redis', role: 'redis', check: () => redis.ready() },
      ...others,
    ],
    rowToRest: () => askRowToRest(attemptLog),
  };
}
