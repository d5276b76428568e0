import type { Job, JobResult, Preview } from '@esteira/dead-letters';
import { formatted, renderTable } from '../table.ts';

/**
 * What a redrive would do, for people.
 *
 * @param waitMs the waits of a message between all its attempts, together
 * @param originWord what people call where messages come from
 */
export function previewText(preview: Preview, waitMs: number, originWord = 'system'): string {
  const { total, byOrigin, byReason, alreadyStored, perhapsUnreadable, canary, seconds } = preview;
  const notes = [
    ...(alreadyStored > 0 ? [`${formatted(alreadyStored)} are stored already: nothing changes for them.`] : []),
    ...(perhapsUnreadable > 0
      ? [`${formatted(perhapsUnreadable)} were invalid: what can't be read stays dead, and needs an edit first.`]
      : []),
    ...(canary > 0 && canary < total
      ? [
          `${formatted(canary)} go first; the others follow once these have come to a good end, after all their attempts at worst.`,
        ]
      : []),
    ...(seconds === null ? [] : [`It takes ${formatted(seconds)} s at this rate, at least.`]),
    ...(waitMs > 0 && total > 0
      ? [
          `A message that needs its last attempt waits ${formatted(Math.ceil(waitMs / 1_000))} s between them${canary > 0 && canary < total ? ', those that go first before the others' : ''}.`,
        ]
      : []),
  ];
  return [
    renderTable(
      ['dead letters', 'reason', 'error'],
      byReason.map(({ count, reason, errorCode }) => [count, reason, errorCode]),
    ),
    renderTable(
      ['dead letters', originWord],
      byOrigin.map(({ count, origin }) => [count, origin ?? 'unknown']),
    ),
    ...notes,
  ].join('\n');
}

/** What a job has come to so far; of those it redrove, what is known of them. */
export function resultText(job: Job, { stored = 0, failedAgain = 0, underWay = 0 }: Partial<JobResult>): string {
  const { atRest, moved, unreadable } = job.unchanged;
  const rows: [string, number][] = [
    ['redriven', job.done],
    ['  stored', stored],
    ['  dead again', failedAgain],
    ['  on their way', underWay],
    ['unchanged: stored already', atRest],
    ['unchanged: dead no longer', moved],
    ['unchanged: unreadable, edit them first', unreadable],
    ['not looked at', job.total - job.handled],
  ];
  return renderTable(
    [`job ${job.id}: ${job.state}`, 'dead letters'],
    rows.filter(([what, count]) => count > 0 || what === 'redriven'),
  );
}

/** What is to be said of a job at its end, and how it goes on; `redrive` is the command that begun it. Pure. */
export function endText({ id, state, note }: Pick<Job, 'id' | 'state' | 'note'>, redrive = 'make redrive'): string[] {
  const why = note ?? 'too many of those it sent are dead again. Find out why first.';
  return [
    ...(state === 'stopped' ? [`It stopped itself: ${why}`] : []),
    ...(state === 'cancelled' ? ['It was cancelled: what it has done stays done.'] : []),
    ...(state === 'stopped' || state === 'paused' ? [`\`${redrive} JOB=${id}\` goes on with it.`] : []),
  ];
}

/** One line of progress, where there is no terminal to draw on. */
export function progressLine({ handled, total, failedAgain, note }: Job): string {
  const again = failedAgain > 0 ? ` · ${formatted(failedAgain)} dead again` : '';
  return `${formatted(handled)} of ${formatted(total)}${again}${note === null ? '' : ` · ${note}`}`;
}
