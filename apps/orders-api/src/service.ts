import { ordersPipeline } from '@esteira/orders/domain';
import type { AppDeclaration } from '@esteira/settings';

/** The API of orders: a process a system. */
export const ordersApi: AppDeclaration = {
  pipeline: ordersPipeline.name,
  role: 'api',
  main: 'apps/orders-api/src/main.ts',
  processes: ({ systems }) =>
    systems.map(({ name, apiPort }, i) => ({
      name: `api-${name}`,
      parts: [name],
      ports: [{ setting: `SYSTEM${i + 1}_API_PORT`, port: apiPort }],
      needs: [`postgres-${name}`, 'redis', 'rabbitmq'],
      environment: { SYSTEM: name },
    })),
};
