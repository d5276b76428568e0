import { MultiBar, type SingleBar } from 'cli-progress';
import { formatted } from '../table.ts';
import { printProgress } from '../terminal.ts';
import { BARS, progressLine, type Progress } from './progress.ts';

/** Shows progress to people: bars on a terminal, a line every few seconds elsewhere. */
export interface Display {
  readonly show: (progress: Progress) => void;
  readonly end: () => void;
}

const LINE_EVERY_MS = 5_000;

/** @param expected orders of the demo: what the bars are measured by until more are known */
export function openDisplay(expected: number): Display {
  return process.stderr.isTTY ? bars(expected) : lines();
}

function bars(expected: number): Display {
  const width = Math.max(...BARS.map(([, label]) => label.length));
  const multi = new MultiBar({
    format: '  {label} {bar} {value} of {total}',
    formatValue: (value, _, type) => (type === 'value' || type === 'total' ? formatted(value) : String(value)),
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 40,
    hideCursor: true,
    emptyOnZero: true,
  });
  const drawn = BARS.map(([key, label]): [keyof Progress, SingleBar] => [
    key,
    multi.create(expected, 0, { label: label.padEnd(width) }),
  ]);
  return {
    show: (progress) => {
      for (const [key, bar] of drawn) {
        bar.setTotal(Math.max(expected, progress.imported));
        bar.update(progress[key]);
      }
    },
    end: () => {
      multi.stop();
    },
  };
}

function lines(): Display {
  let last: Progress | undefined;
  let writtenAt = 0;
  let written = '';
  const write = (progress: Progress) => {
    const line = progressLine(progress);
    if (line !== written) printProgress(`  ${line}`);
    written = line;
  };
  return {
    show: (progress) => {
      last = progress;
      if (Date.now() - writtenAt < LINE_EVERY_MS) return;
      writtenAt = Date.now();
      write(progress);
    },
    end: () => {
      if (last !== undefined) write(last);
    },
  };
}
