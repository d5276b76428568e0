import type { Job } from '@esteira/dead-letters';
import { Refused } from '../refused.ts';
import { formatted } from '../table.ts';

/** Nothing is left to do, and that is well. */
export interface Nothing {
  readonly says: string;
}

/**
 * What is to be said of a job with nothing left to do; undefined for one that can go on, or whose dead letters are still
 * to leave RabbitMQ's queue. Pure.
 *
 * @param pipeline only of another one than orders
 * @throws Refused where it was cancelled.
 */
export function ended(job: Job, pipeline?: string): Nothing | undefined {
  const { id, state, isTidy } = job;
  if (!isTidy) return undefined;
  const far = `${formatted(job.handled)} of ${formatted(job.total)} dealt with`;
  if (state === 'finished') return { says: `Job ${id} is finished: ${far}.` };
  if (state !== 'cancelled') return undefined;
  throw new Refused(
    `Job ${id} was cancelled (${far}) and can't go on: \`make redrive${pipeline === undefined ? '' : ` PIPELINE=${pipeline}`}\` without JOB= begins a new one.`,
  );
}
