import { createInterface } from 'node:readline/promises';
import { Refused } from './refused.ts';

/** Writes one line to people. */
export type Print = (line?: string) => void;

/** Writes one line to stdout. */
export const print: Print = (line = '') => {
  process.stdout.write(`${line}\n`);
};

/** Progress goes to the error stream, so that the output of a command can be read by programs. */
export const printProgress: Print = (line = '') => {
  process.stderr.write(`${line}\n`);
};

/** Whether a switch such as `YES=1` is on. */
export function isOn(value: string | undefined): boolean {
  return value !== undefined && !['', '0', 'no', 'false', 'off'].includes(value.toLowerCase());
}

/**
 * Asks before something is lost. `yes` is the answer given in advance (`YES=1`).
 *
 * @throws Refused when the answer is not yes, or when there is nobody to ask.
 */
export async function confirm(question: string, yes: boolean): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY)
    throw new Refused(`${question}\nNothing was done: there is no terminal to ask. YES=1 answers.`);
  const readline = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await readline.question(`${question} [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new Refused('Nothing was done.');
  } finally {
    readline.close();
  }
}
