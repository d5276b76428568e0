/** A process that takes a lease, keeps it, and writes what it protects again and again, until the store refuses it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '@esteira/observability';
import { openPostgres } from '@esteira/postgres';
import { openRedis } from '@esteira/relay';
import { keepLease } from '../src/index.ts';
import type { Stage } from './exercise.ts';
import { postgresStage, redisStage } from './stages.ts';

const LEASE_MS = 300;
const [store = '', url = '', key = ''] = process.argv.slice(2);

async function hold<Change>({ lease, write }: Stage<Change>): Promise<void> {
  const held = await lease.take(key, 'frozen', LEASE_MS);
  if (held === undefined) throw new Error('The lease is held.');
  const onFault = (fault: unknown) => process.stderr.write(`${String(fault)}\n`);
  const renew = async () => (await lease.renew(held, LEASE_MS)) === 'renewed';
  keepLease({ forMs: LEASE_MS, renew, onFault });
  while (await write(held, 'of the frozen one')) {
    process.stdout.write('written\n');
    await sleep(5);
  }
  process.stdout.write('refused\n');
}

if (store === 'Postgres') await hold(postgresStage(openPostgres({ url, applicationName: 'holder' })));
else await hold(redisStage(openRedis(url, createLogger({ name: 'holder', level: 'silent' }))));
process.exit(0);
