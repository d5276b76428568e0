import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { shownLines, type LogOptions } from '../src/log-lines.ts';
import { Obstacle } from '../src/obstacle.ts';
import { logFile } from './program.ts';

/** The last lines a program wrote, for an error message. */
export function tail(home: string, program: string, lines = 15): string {
  const file = logFile(home, program);
  if (!existsSync(file)) return `It wrote nothing to ${file}.`;
  const last = readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines);
  const shown = shownLines({ raw: false });
  return `Its last lines (${file}):\n${last
    .map((line) => shown('  ', line))
    .join('')
    .trimEnd()}`;
}

/** Writes the logs to stdout, each line with its program's name before it. */
export async function printLogs(home: string, { follow, service, raw }: LogOptions): Promise<void> {
  const all = readdirSync(join(home, 'logs')).filter((file) => file.endsWith('.log'));
  const files = all.filter((file) => service === undefined || file === `${service}.log`);
  if (files.length === 0) {
    const known = all.map((file) => basename(file, '.log')).join(', ');
    throw new Obstacle(`There is no log of ${service ?? 'anything'} yet. There are logs of: ${known || 'nothing'}.`);
  }
  const shown = shownLines({ raw });
  const print = async (file: string) => {
    const before = `${basename(file, '.log').padEnd(22)} | `;
    for await (const line of lastLines(join(home, 'logs', file), follow)) process.stdout.write(shown(before, line));
  };
  await Promise.all(files.map(print));
}

function lastLines(path: string, follow: boolean): AsyncIterable<string> {
  const options = ['-n', '200', ...(follow ? ['-F'] : [])];
  return execa('tail', [...options, path], { reject: false, stdin: 'ignore', stderr: 'ignore', buffer: false });
}
