import type { Answer } from '../../api/answers.ts';
import type { Tone } from '../../feedback/State.tsx';
import { count, percent } from '../../format/number.ts';

export type Job = Answer<'/v0/pipelines/{pipeline}/jobs/{id}'>;

export const TONES = {
  running: 'busy',
  paused: 'warning',
  stopped: 'bad',
  cancelled: 'calm',
  finished: 'good',
} as const satisfies Record<Job['state'], Tone>;

/** `Redrive of 12 selected`, `Discard of exhausted, not-verified`. Pure. */
export function titleOf({ action, selection, total }: Pick<Job, 'action' | 'selection' | 'total'>): string {
  const what = 'message_ids' in selection ? `${count(total)} selected` : filterText(selection.filter);
  return `${action === 'redrive' ? 'Redrive' : 'Discard'} of ${what}`;
}

function filterText(filter: Readonly<Record<string, string>>): string {
  const parts = Object.entries(filter).filter(([name]) => name !== 'state');
  return parts.length === 0
    ? 'all that were open'
    : parts.map(([name, value]) => `${name.replaceAll('_', ' ')} ${value}`).join(', ');
}

/** What a person may do with a job as it stands. Pure. */
export const mayOf = ({ state }: Pick<Job, 'state'>) => ({
  pause: state === 'running',
  resume: state === 'paused' || state === 'stopped',
  cancel: state === 'running' || state === 'paused' || state === 'stopped',
});

/** Whether it may still change by itself; the mirror in RabbitMQ follows after the end. Pure. */
export const isMoving = ({ state, is_tidy }: Pick<Job, 'state' | 'is_tidy'>): boolean =>
  state === 'running' || !is_tidy;

/** How far, 0 to 100. Pure. */
export function progressOf({ total, handled, state }: Pick<Job, 'total' | 'handled' | 'state'>): number {
  if (total === 0) return state === 'finished' ? 100 : 0;
  return Math.min(100, (handled / total) * 100);
}

/** Where those stand that go before the others; undefined where all go at once. Pure. */
export function canaryText({
  canary,
  state,
  total,
  note,
}: Pick<Job, 'canary' | 'state' | 'total' | 'note'>): string | undefined {
  if (canary === null || canary.size >= total) return undefined;
  const sent = `${count(canary.size)} sent before the others`;
  if (canary.has_passed) return `${sent}; they came to a good end`;
  switch (state) {
    case 'running':
      return `${sent}; waiting for how they end`;
    case 'paused':
      return `${sent}; how they end is looked at when it goes on`;
    case 'stopped':
      return note === null ? `${sent}; too many failed again` : sent;
    case 'cancelled':
      return `${sent}; cancelled before those followed`;
    case 'finished': // No others were left to follow.
      return undefined;
  }
}

/** What RabbitMQ's queue of dead letters still shows of those that a job has closed. Pure. */
export function mirrorText({ action, state, is_tidy }: Pick<Job, 'action' | 'state' | 'is_tidy'>): string {
  if (is_tidy) return 'its queue of dead letters is up to date';
  const copies = `copies of what was ${action === 'redrive' ? 'redriven' : 'discarded'}`;
  return state === 'running' || state === 'paused'
    ? `its queue of dead letters still holds ${copies}, and counts them; they are taken out when the job ends. Nothing is to be done.`
    : `${copies} are being taken out of its queue of dead letters, which counts them until then. Nothing is to be done.`;
}

/** What stops it. Pure. */
export const limitText = ({ stop_at_failed_share: share }: Pick<Job, 'stop_at_failed_share'>): string =>
  share >= 1 ? 'never' : `when more than ${percent(share)} of what it sent failed again`;

/** Why a job stopped itself, and what to do. `note` is what a server refused. Pure. */
export function stoppedText(job: Pick<Job, 'failed_again' | 'done' | 'stop_at_failed_share' | 'note'>): string {
  if (job.note !== null)
    return `The endput refused what it asked: ${job.note}. Mend that, then resume: it goes on where it was.`;
  const failed = `${count(job.failed_again)} of the ${count(job.done)} that it sent are dead again`;
  return `${failed}: more than ${percent(job.stop_at_failed_share)}. Mend what fails, then resume: it begins with a canary again.`;
}
