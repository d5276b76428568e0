import { ordersPipeline } from '@esteira/orders/domain';
import { QUEUE_PART, type AppDeclaration, type AppProcess } from '@esteira/settings';

/** The consumers of orders. */
export const ordersConsumer: AppDeclaration = {
  pipeline: ordersPipeline.name,
  role: 'consumer',
  main: 'apps/orders-consumer/src/main.ts',
  processes: ({ CONSUMERS, CONSUMER_PORT }) =>
    Array.from({ length: CONSUMERS }, (_, i): AppProcess => ({
      name: `consumer-${i + 1}`,
      parts: [QUEUE_PART],
      ports: [{ setting: 'CONSUMER_PORT', port: CONSUMER_PORT + i }],
      needs: ['rabbitmq', 'mongodb', 'endput'],
      environment: { CONSUMER_NUMBER: String(i + 1) },
    })),
  files: ({ VERIFIER_MODULE }) => (VERIFIER_MODULE === '' ? {} : { VERIFIER_MODULE }),
};
