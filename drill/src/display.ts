import { MultiBar, type SingleBar } from 'cli-progress';
import { printProgress } from '@esteira/cli/terminal';
import type { Sample } from './ledger.ts';

/** Shows how far a drill is: bars on a terminal, a line every few seconds elsewhere. */
export interface DrillDisplay {
  readonly show: (sample: Sample, faults: { passed: number; total: number }) => void;
  /** Writes a line of its own. */
  readonly say: (line: string) => void;
  readonly end: () => void;
}

const LINE_EVERY_MS = 5_000;

/** @param orders how many are asked for; a few more may come */
export function openDrillDisplay(orders: number): DrillDisplay {
  return process.stderr.isTTY ? bars(orders) : lines();
}

function bars(orders: number): DrillDisplay {
  const multi = new MultiBar({
    format: '  {label} {bar} {value} of {total}   {note}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 40,
    hideCursor: true,
  });
  let drawn: [rest: SingleBar, faults: SingleBar] | undefined;
  return {
    show: ({ rows, stored, dead, attempts }, { passed, total }) => {
      drawn ??= [
        multi.create(orders, 0, { label: 'orders at rest', note: '' }),
        multi.create(total, 0, { label: 'faults        ', note: '' }),
      ];
      const [rest, faults] = drawn;
      rest.setTotal(Math.max(orders, rows));
      rest.update(stored + dead, { note: `${attempts.toLocaleString('en-US')} attempts` });
      faults.update(passed);
    },
    say: (line) => {
      if (drawn === undefined) printProgress(line);
      else multi.log(`${line}\n`);
    },
    end: () => {
      multi.stop();
    },
  };
}

function lines(): DrillDisplay {
  let writtenAt = 0;
  return {
    show: (sample, { passed, total }) => {
      if (Date.now() - writtenAt < LINE_EVERY_MS) return;
      writtenAt = Date.now();
      const { at, rows, stored, dead, attempts } = sample;
      const rest = `${(stored + dead).toLocaleString('en-US')} of ${rows.toLocaleString('en-US')} orders at rest`;
      printProgress(
        `  ${String(Math.round(at / 1000)).padStart(4)} s  ${rest} · faults ${passed} of ${total} · attempts ${attempts.toLocaleString('en-US')}`,
      );
    },
    say: printProgress,
    end: () => undefined,
  };
}
