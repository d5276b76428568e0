import type { ReactNode } from 'react';
import { Facts } from '../../feedback/Facts.tsx';
import { count, perSecond } from '../../format/number.ts';
import { When } from '../../format/When.tsx';
import { canaryText, limitText, mirrorText, type Job } from '../jobs/job-text.ts';

/** What it did so far, how, by whom and why. */
export function JobFacts({ job }: { readonly job: Job }) {
  const { at_rest: atRest, moved, unreadable } = job.unchanged;
  const isRedrive = job.action === 'redrive';
  const facts: (readonly [string, ReactNode])[] = [[isRedrive ? 'Redriven' : 'Discarded', count(job.done)]];
  if (isRedrive) facts.push(['Failed again', count(job.failed_again)]);
  if (atRest > 0) facts.push(['Stored already', `${count(atRest)}: nothing changed`]);
  if (moved > 0) facts.push(['Not dead any more', `${count(moved)}: nothing changed`]);
  if (unreadable > 0) facts.push(['Unreadable', `${count(unreadable)}: they need an edit first`]);
  const canary = canaryText(job);
  if (canary !== undefined) facts.push(['Canary', canary]);
  if (isRedrive) {
    facts.push([
      'Rate',
      job.rate_per_second === null ? 'as fast as it goes' : `${perSecond(job.rate_per_second)} at most`,
    ]);
    facts.push(['Stops itself', limitText(job)]);
    facts.push(['Max attempts', job.max_attempts ?? 'as before']);
  }
  facts.push(['RabbitMQ', mirrorText(job)]);
  facts.push(['Who and why', `${job.by}: ${job.why}`], ['Started', <When at={job.created_at} />]);
  if (job.finished_at !== null) facts.push(['Ended', <When at={job.finished_at} />]);
  return <Facts facts={facts} />;
}
