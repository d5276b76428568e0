/** A process that runs jobs of dead letters, slowly enough to be killed in the middle. */
import { openPostgres } from '@esteira/postgres';
import { startJobRunner } from '@esteira/dead-letters';
import { connectBroker } from '@esteira/messaging';
import { createLogger } from '@esteira/observability';
import { orderJobs } from '../src/repair/index.ts';

const logger = createLogger({ name: 'redriving', level: 'silent' });
const [rabbitmq = '', endput = '', system = ''] = process.argv.slice(2);
const broker = await connectBroker({ url: rabbitmq, name: 'redriving', logger });
await broker.untilConnected();
startJobRunner({
  ...orderJobs({
    endput: openPostgres({ url: endput, applicationName: 'redriving' }),
    broker,
    systems: [system],
    maxAttempts: 5,
    maxLaneDepth: 1_000_000,
    leaseMs: 1_000,
    holder: `redriving ${process.pid}`,
    onFault: (fault) => {
      process.stderr.write(`${String(fault)}\n`);
    },
  }),
  batch: 20,
});
