import { QUEUE_PART, type AppDeclaration } from '@esteira/settings';
import { parcelsPipeline } from './pipeline.ts';

/** The consumer of parcels. It listens behind the consumers of orders. */
export const parcelsConsumer: AppDeclaration = {
  pipeline: parcelsPipeline.name,
  role: 'consumer',
  main: 'tests/parcels/src/main.ts',
  processes: ({ CONSUMER_PORT, CONSUMERS }) => [
    {
      name: 'parcels-consumer',
      parts: [QUEUE_PART],
      ports: [{ setting: 'CONSUMER_PORT', port: CONSUMER_PORT + CONSUMERS }],
      needs: ['rabbitmq', 'mongodb', 'endput'],
      environment: { CONSUMER_PORT: String(CONSUMER_PORT + CONSUMERS) },
    },
  ],
};
