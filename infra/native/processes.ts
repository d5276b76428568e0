import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { HOME_MARK } from './home.ts';
import { until } from '../src/until.ts';

/** Programs that may overwrite their environment (a process title takes its room); their working directory tells. */
const TITLE_SETTERS = new Set(['postgres', 'redis-server', 'redis-check-rdb']);

/** The processes of a home, found by the mark in their environment. */
export function processesOf(home: string): number[] {
  const mark = `${HOME_MARK}=${home}`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && (hasMark(pid, mark) || worksIn(pid, home)));
}

/** Whether this process is there: the same one, not a later one with its number. */
export function isAlive(pid: number, startedAt: string): boolean {
  return startOf(pid) === startedAt;
}

/** When a process started, in the kernel's ticks; undefined where there is none (or only its corpse). */
export function startOf(pid: number): string | undefined {
  const stat = read(`/proc/${pid}/stat`);
  // After the name, which may hold anything, come the state (1st) and the start time (20th).
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields?.[0] === 'Z' ? undefined : fields?.[19];
}

/** Ends what is left of a home, politely first. Touches nothing that doesn't carry its mark. */
export async function endProcessesOf(home: string): Promise<void> {
  const found = processesOf(home);
  for (const pid of found) signal(pid, basename(executable(pid)) === 'postgres' ? 'SIGINT' : 'SIGTERM');
  await until(() => Promise.resolve(processesOf(home).length === 0 ? undefined : 'running'), {
    timeoutMs: 15_000,
  }).catch(() => {
    for (const pid of processesOf(home)) signal(pid, 'SIGKILL');
  });
  await until(() => Promise.resolve(remaining(home)), { timeoutMs: 5_000 });
}

/** Ends everything of a home at once, for data that is about to be removed. */
export async function killProcessesOf(home: string): Promise<void> {
  const kill = () => {
    const left = processesOf(home);
    for (const pid of left) signal(pid, 'SIGKILL'); // again and again: a supervisor may start more until it is gone
    return Promise.resolve(left.length === 0 ? undefined : `These processes can't be ended: ${left.join(', ')}.`);
  };
  await until(kill, { timeoutMs: 10_000 });
}

function remaining(home: string): string | undefined {
  const pids = processesOf(home);
  return pids.length === 0 ? undefined : `These processes can't be ended: ${pids.join(', ')}.`;
}

const hasMark = (pid: number, mark: string): boolean =>
  startOf(pid) !== undefined && (read(`/proc/${pid}/environ`)?.split('\0').includes(mark) ?? false);

function worksIn(pid: number, home: string): boolean {
  if (!TITLE_SETTERS.has(basename(executable(pid)))) return false;
  const directory = link(`/proc/${pid}/cwd`);
  return directory.startsWith(`${home}/`);
}

const executable = (pid: number): string => link(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, '');

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself meanwhile.
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // ended, or another user's
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
