import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/** CPU seconds used since the start of each, by what it is: `rabbitmq`, `postgres-endput`, `mongodb`, `redis`, … */
export type CpuSeconds = Readonly<Record<string, number>>;

/** Linux counts CPU time in hundredths of a second. */
const TICKS_PER_SECOND = 100;

/** The resident memory of a process, now and at most so far, in MiB. */
export function residentMemory(pid: number): { now: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  return { now: kib('VmRSS') / 1024, peak: kib('VmHWM') / 1024 };
}

/** CPU seconds so far of the servers of a home (found by their supervisor's mark) and of named processes of ours. */
export function cpuSeconds(mark: Readonly<Record<string, string>>, ours: Readonly<Record<string, number>>): CpuSeconds {
  const processes = readProcesses();
  const servers = belowSupervisor(processes, mark);
  const used: Record<string, number> = {};
  for (const process of processes.values()) {
    const own = Object.entries(ours).find(([, pid]) => pid === process.pid)?.[0];
    const name = own ?? (servers.has(process.pid) ? serverName(process) : undefined);
    if (name !== undefined) used[name] = (used[name] ?? 0) + process.ticks / TICKS_PER_SECOND;
  }
  return used;
}

/** What was used between two looks. */
export function cpuBetween(before: CpuSeconds, after: CpuSeconds): CpuSeconds {
  return Object.fromEntries(Object.entries(after).map(([name, used]) => [name, used - (before[name] ?? 0)]));
}

/** The resident memory of RabbitMQ's VM of a home, in MiB. */
export function brokerMemory(mark: Readonly<Record<string, string>>): number {
  const processes = readProcesses();
  const servers = belowSupervisor(processes, mark);
  const vm = [...processes.values()].find(({ pid, command }) => servers.has(pid) && command === 'beam.smp');
  return vm === undefined ? 0 : residentMemory(vm.pid).now;
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
  readonly ticks: number;
}

const MOST_LOOKS = 20;

/**
 * All processes, as they were while none came and none went: the time of one that ends meanwhile would be counted by
 * nobody, if its parent was looked at before.
 */
function readProcesses(): Map<number, Process> {
  let found = lookAtAll();
  for (let looks = 1; looks < MOST_LOOKS; looks += 1) {
    const again = lookAtAll();
    if (again.size === found.size && [...again.keys()].every((pid) => found.has(pid))) return again;
    found = again;
  }
  return found;
}

function lookAtAll(): Map<number, Process> {
  const found = new Map<number, Process>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const stat = read(`/proc/${name}/stat`);
    if (stat === undefined) continue;
    const end = stat.lastIndexOf(')');
    // After the name, which may hold anything: state, parent, …, user and system time as the 12th and 13th, then those of
    // children that have ended: a backend of Postgres that does is still counted, in its postmaster.
    const fields = stat.slice(end + 2).split(' ');
    const command = stat.slice(stat.indexOf('(') + 1, end);
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    found.set(Number(name), { pid: Number(name), parent: Number(fields[1]), command, ticks });
  }
  return found;
}

function belowSupervisor(processes: ReadonlyMap<number, Process>, mark: Readonly<Record<string, string>>): Set<number> {
  const wanted = Object.entries(mark).map(([name, value]) => `${name}=${value}`);
  const marked = (pid: number) => {
    const environment = read(`/proc/${pid}/environ`)?.split('\0') ?? [];
    return wanted.every((entry) => environment.includes(entry));
  };
  const below = new Set([...processes.keys()].filter((pid) => pid !== process.pid && marked(pid)));
  const isBelow = ({ pid, parent }: Process): boolean => {
    const above = processes.get(parent);
    return below.has(pid) || below.has(parent) || (above !== undefined && isBelow(above));
  };
  return new Set([...processes.values()].filter(isBelow).map(({ pid }) => pid));
}

function serverName({ pid, parent, command }: Process): string {
  if (command.startsWith('mongod')) return 'mongodb';
  // A backend that is about to end has no directory any more. Its time soon counts as its postmaster's: so it must now.
  if (command === 'postgres') return postgresName(pid) ?? postgresName(parent) ?? 'postgres';
  const names: Record<string, string> = { 'beam.smp': 'rabbitmq', 'redis-server': 'redis' };
  return names[command] ?? 'other';
}

/** Which of several servers a process of Postgres belongs to: each works in its own directory. */
function postgresName(pid: number): string | undefined {
  try {
    return basename(readlinkSync(`/proc/${pid}/cwd`).replace(/\/data$/, ''));
  } catch {
    return undefined;
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // It ended in between, or belongs to somebody else.
  }
}
