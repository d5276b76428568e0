import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isAlive, startOf } from './processes.ts';
import { until } from '../src/until.ts';

/** Runs `work` while no other process does the same to this home. A lock whose holder is gone counts as none. */
export async function exclusively<T>(file: string, report: (line: string) => void, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(file), { recursive: true });
  let told = false;
  await until(
    () => {
      const holder = take(file);
      if (holder !== undefined && !told) report(`waiting for another start or stop to end (process ${holder})`);
      told = told || holder !== undefined;
      return Promise.resolve(holder === undefined ? undefined : `Process ${holder} is starting or stopping Esteira.`);
    },
    { timeoutMs: 5 * 60_000, everyMs: 200 },
  );
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/** Who holds the lock; undefined once we do. */
function take(file: string): string | undefined {
  const ours = `${file}.${process.pid}`;
  writeFileSync(ours, `${process.pid} ${startOf(process.pid) ?? ''}`);
  try {
    linkSync(ours, file); // with its text, or not at all
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(ours, { force: true });
  }
  const [pid = '', startedAt = ''] = readHolder(file).split(' ');
  if (isAlive(Number(pid), startedAt)) return pid;
  rmSync(file, { force: true });
  return take(file);
}

function readHolder(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // given back meanwhile
  }
}
