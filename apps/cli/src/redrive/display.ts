import { SingleBar } from 'cli-progress';
import type { Job } from '@esteira/dead-letters';
import { printProgress } from '../terminal.ts';
import { progressLine } from './report.ts';

const LINE_EVERY_MS = 5_000;

/** Shows how far a job is: a bar on a terminal, a line every few seconds elsewhere. */
export interface Display {
  readonly show: (job: Job) => void;
  readonly end: () => void;
}

export function openDisplay(): Display {
  return process.stderr.isTTY ? bar() : lines();
}

function bar(): Display {
  const drawn = new SingleBar({
    format: '  {bar} {percentage} %  {line}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 30,
    hideCursor: true,
    emptyOnZero: true,
  });
  drawn.start(0, 0, { line: '' });
  return {
    show: (job) => {
      drawn.setTotal(job.total);
      drawn.update(job.handled, { line: progressLine(job) });
    },
    end: () => {
      drawn.stop();
    },
  };
}

function lines(): Display {
  let writtenAt = -Infinity;
  let last = '';
  return {
    show: (job) => {
      last = progressLine(job);
      if (performance.now() - writtenAt < LINE_EVERY_MS) return;
      writtenAt = performance.now();
      printProgress(`  ${last}`);
    },
    end: () => {
      printProgress(`  ${last}`);
    },
  };
}
