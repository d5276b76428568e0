/** A process that runs jobs of dead letters, and is killed a moment after it has begun to send so many of them. */
import { openPostgres } from '@esteira/postgres';
import { startJobRunner } from '@esteira/dead-letters';
import { connectBroker, openManagement } from '@esteira/messaging';
import { createLogger } from '@esteira/observability';
import { orderJobs } from '../src/repair/index.ts';

const logger = createLogger({ name: 'redriving', level: 'silent' });
const [rabbitmq = '', management = '', endput = '', system = '', most = ''] = process.argv.slice(2);
let sent = 0;
const broker = await connectBroker({ url: rabbitmq, name: 'redriving', logger });
await broker.untilConnected();
const jobs = orderJobs({
  endput: openPostgres({ url: endput, applicationName: 'redriving' }),
  broker,
  management: openManagement(management, rabbitmq),
  systems: [system],
  maxAttempts: 5,
  maxLaneDepth: 1_000_000,
  leaseMs: 1_000,
  holder: `redriving ${process.pid}`,
  onFault: (fault) => {
    process.stderr.write(`${String(fault)}\n`);
  },
});
startJobRunner({
  ...jobs,
  batch: 20,
  publish: (messages) => {
    // However late the kill comes, it sends no more than its share.
    if (sent >= Number(most)) return new Promise(() => undefined);
    sent += messages.length;
    if (sent >= Number(most)) setTimeout(() => process.kill(process.pid, 'SIGKILL'), Math.random() * 20);
    return jobs.publish(messages);
  },
});
