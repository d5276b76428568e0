import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { Obstacle } from '../src/obstacle.ts';
import { logFile } from './program.ts';

/** The last lines a program wrote, for an error message. */
export function tail(home: string, program: string, lines = 15): string {
  const file = logFile(home, program);
  if (!existsSync(file)) return `It wrote nothing to ${file}.`;
  const text = readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines);
  return `Its last lines (${file}):\n${text.map((line) => `  ${line}`).join('\n')}`;
}

/** Writes the logs to stdout, each line with its program's name before it. */
export async function printLogs(
  home: string,
  { follow, service }: { follow: boolean; service?: string },
): Promise<void> {
  const all = readdirSync(join(home, 'logs')).filter((file) => file.endsWith('.log'));
  const files = all.filter((file) => service === undefined || file === `${service}.log`);
  if (files.length === 0) {
    const known = all.map((file) => basename(file, '.log')).join(', ');
    throw new Obstacle(`There is no log of ${service ?? 'anything'} yet. There are logs of: ${known || 'nothing'}.`);
  }
  await Promise.all(files.map((file) => print(join(home, 'logs', file), basename(file, '.log'), follow)));
}

async function print(path: string, name: string, follow: boolean): Promise<void> {
  const options = ['-n', '200', ...(follow ? ['-F'] : [])];
  const tail = execa('tail', [...options, path], { reject: false, stdin: 'ignore', stderr: 'ignore', buffer: false });
  for await (const line of tail) process.stdout.write(`${name.padEnd(22)} | ${line}\n`);
}
