import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '@esteira/settings';
import { getJob, pauseJob, runJob, type Job, type JobRunnerOptions } from '@esteira/dead-letters';
import { connectBroker, openManagement, type Broker } from '@esteira/messaging';
import { ordersPipeline } from '@esteira/orders/domain';
import { orderJobs } from '@esteira/orders/repair';
import type { Postgres } from '@esteira/postgres';
import { quiet } from '../connections.ts';
import { Refused } from '../refused.ts';
import { printProgress } from '../terminal.ts';
import { openDisplay, type Display } from './display.ts';

const SHOW_EVERY_MS = 250;

/** Who does this, as the history names them. */
export interface Operator {
  readonly by: string;
}

/**
 * Runs a job in this process, or watches it where the console runs it, and shows how far it is. Ctrl-C pauses it. Gives
 * the job as it is when it ends, stops itself, or is paused.
 */
export async function seeThrough(settings: Settings, endput: Postgres, id: string, { by }: Operator): Promise<Job> {
  const broker = await connectBroker({ url: settings.RABBITMQ_URL, name: 'esteira cli', logger: quiet });
  const interrupted = () => {
    pauseHere(endput, id, by);
  };
  process.once('SIGINT', interrupted);
  const display = openDisplay();
  const over = new AbortController();
  try {
    await broker.untilConnected(AbortSignal.timeout(10_000)).catch((cause: unknown) => {
      throw new Refused(`Nothing was sent: RabbitMQ at ${broker.address} does not answer. (${String(cause)})`);
    });
    const watching = watch(endput, id, display, over.signal);
    const job = await untilOver(runnerOf(settings, endput, broker), id);
    over.abort();
    await watching;
    display.show(job);
    return job;
  } finally {
    over.abort();
    display.end();
    process.off('SIGINT', interrupted);
    await broker.close();
  }
}

function runnerOf(settings: Settings, endput: Postgres, broker: Broker): JobRunnerOptions {
  return orderJobs({
    endput,
    broker,
    management: openManagement(settings.RABBITMQ_MANAGEMENT_URL, settings.RABBITMQ_URL),
    systems: settings.systems.map(({ name }) => name),
    maxAttempts: settings.MAX_ATTEMPTS,
    maxLaneDepth: settings.MAX_LANE_DEPTH,
    leaseMs: settings.LEASE_MS,
    holder: `cli ${randomUUID()}`,
    onFault: () => undefined, // The job's note says what it waits for, and is shown.
  });
}

/** Runs the job here whenever no other process does, until nothing is left to do. */
async function untilOver(runner: JobRunnerOptions, id: string): Promise<Job> {
  for (;;) {
    const ran = await runJob(runner, id, new AbortController().signal);
    const job = await jobOf(runner.sql, id);
    if (job.state === 'paused' || (job.state !== 'running' && job.isTidy)) return job;
    if (!ran) await sleep(SHOW_EVERY_MS);
  }
}

function pauseHere(endput: Postgres, id: string, by: string): void {
  printProgress('\nPausing: what is marked is still sent. Ctrl-C again leaves at once.');
  process.once('SIGINT', () => process.exit(130));
  pauseJob(endput, ordersPipeline.name, id, { by, why: 'Ctrl-C' }).catch((error: unknown) => {
    printProgress(`The job could not be paused: ${(error as Error).message}`);
  });
}

async function watch(endput: Postgres, id: string, display: Display, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    // What can't be read now is read a moment later; the job itself tells of a server that is away.
    await jobOf(endput, id).then(display.show, () => undefined);
    await sleep(SHOW_EVERY_MS, undefined, { signal: over }).catch(() => undefined);
  }
}

async function jobOf(endput: Postgres, id: string): Promise<Job> {
  const job = await getJob(endput, ordersPipeline.name, id);
  if (job === undefined) throw new Refused(`There is no job ${id}.`);
  return job;
}
