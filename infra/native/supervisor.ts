import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Home } from './home.ts';
import { HOME_MARK } from './home.ts';
import { endProcessesOf } from './processes.ts';
import { supervisorConfig, writeLaunchers, type Program } from './program.ts';
import { isRoot } from './users.ts';

/** What supervisord says of a program. */
export interface ProgramState {
  readonly name: string;
  readonly state: string;
  readonly detail: string;
  readonly pid?: number;
}

/**
 * Makes exactly these programs run: starts supervisord where it doesn't run, otherwise starts what is new, restarts
 * what changed and stops what is gone. Whatever a dead supervisord left behind is ended first.
 */
export async function supervise(home: Home, programs: readonly Program[]): Promise<void> {
  writeLaunchers(home, programs);
  const config = home.file('supervisord.conf', supervisorConfig(home, programs, isRoot()), undefined);
  if (await isSupervised(home.path)) {
    await control(home.path, ['update']);
    const ended = (await programStates(home.path)).filter(({ state }) =>
      ['EXITED', 'FATAL', 'STOPPED'].includes(state),
    );
    // What waited for a person may be mended now; what a person has stopped is wanted again.
    await startPrograms(
      home.path,
      ended.map(({ name }) => name),
    );
    return;
  }
  await endProcessesOf(home.path);
  for (const stale of ['supervisor.sock', 'supervisord.pid']) rmSync(join(home.path, stale), { force: true });
  await execa('supervisord', ['-c', config], {
    cwd: home.path,
    extendEnv: false,
    env: { ...systemEnvironment(), [HOME_MARK]: home.path },
    stdin: 'ignore',
  });
  // It looks for work once a second, or when somebody asks it something.
  await supervisorctl(home.path, ['pid']);
}

/** Whether this home's supervisord answers. */
export async function isSupervised(home: string): Promise<boolean> {
  if (!existsSync(join(home, 'supervisor.sock'))) return false;
  const { exitCode, stdout } = await supervisorctl(home, ['pid']);
  return exitCode === 0 && /^\d+$/.test(stdout.trim());
}

/** Each program's state; nothing where no supervisord runs. */
export async function programStates(home: string): Promise<ProgramState[]> {
  if (!existsSync(join(home, 'supervisor.sock'))) return [];
  const { stdout } = await supervisorctl(home, ['status']);
  return stdout.split('\n').flatMap(stateOf);
}

/** Stops programs side by side; resolves when they have ended. */
export async function stopPrograms(home: string, names: readonly string[]): Promise<void> {
  await Promise.all(names.map((name) => supervisorctl(home, ['stop', name])));
}

/** Starts programs that were stopped; resolves when supervisord has begun to. */
export async function startPrograms(home: string, names: readonly string[]): Promise<void> {
  await Promise.all(names.map((name) => supervisorctl(home, ['start', name])));
}

export async function restartProgram(home: string, name: string): Promise<void> {
  await control(home, ['restart', name]);
}

/** Ends supervisord and everything that it or a killed one left behind. */
export async function endSupervision(home: string): Promise<void> {
  if (existsSync(join(home, 'supervisor.sock'))) await supervisorctl(home, ['shutdown']);
  await endProcessesOf(home);
  for (const stale of ['supervisor.sock', 'supervisord.pid']) rmSync(join(home, stale), { force: true });
}

/** The little of our own environment that servers may see. */
export function systemEnvironment(): Record<string, string> {
  const kept = ['PATH', 'LANG', 'TZ', 'TMPDIR', 'USER', 'HOME'];
  return Object.fromEntries(
    kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

async function control(home: string, command: readonly string[]): Promise<void> {
  const { exitCode, stdout, stderr } = await supervisorctl(home, command);
  if (exitCode !== 0 || /ERROR/.test(stdout))
    throw new Error(`supervisorctl ${command.join(' ')}: ${stdout} ${stderr}`);
}

const supervisorctl = (home: string, command: readonly string[]) =>
  execa('supervisorctl', ['-c', join(home, 'supervisord.conf'), ...command], { reject: false, stdin: 'ignore' });

function stateOf(line: string): ProgramState[] {
  const [, name, state, detail = ''] = /^(\S+)\s+([A-Z]+)\s*(.*)$/.exec(line) ?? [];
  if (name === undefined || state === undefined) return [];
  const pid = /pid (\d+)/.exec(detail)?.[1];
  return [{ name, state, detail, ...(pid === undefined ? {} : { pid: Number(pid) }) }];
}
