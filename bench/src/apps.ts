import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { settingsEntries, type Settings } from '@esteira/settings';
import { REPOSITORY } from '@esteira/infra';

/** An API, a consumer or the console, started as `make start` starts it: its own main.ts, by the Node that runs us. */
export interface App {
  readonly pid: number;
  readonly url: string;
  /** Ends it in order: what it holds goes back to the queue. */
  stop(): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
}

/** How apps are started beside their settings. */
export interface AppOptions {
  /** Where their output goes. */
  readonly logFile: string;
  /** The servers' mark: with it in its environment, a process ends with them, whatever becomes of the bench. */
  readonly mark: Readonly<Record<string, string>>;
  /** For Node, for example `--cpu-prof`. */
  readonly nodeArguments?: readonly string[];
}

const READY_MS = 60_000;
const STOP_MS = 20_000;

/** Starts the API of the place's system and waits until it is ready. */
export function startApi(settings: Settings, options: AppOptions): Promise<App> {
  return startApp('orders-api', settings.systems[0]?.apiPort ?? 0, { SYSTEM: 'system-1' }, settings, options);
}

/** Starts a consumer and waits until it is ready. */
export function startConsumer(settings: Settings, options: AppOptions): Promise<App> {
  return startApp('orders-consumer', settings.CONSUMER_PORT, { CONSUMER_NUMBER: '1' }, settings, options);
}

/** Starts an app of `apps/` at its port and waits until it is ready. `role` are variables that are no settings. */
export async function startApp(
  app: 'orders-api' | 'orders-consumer' | 'console/server',
  port: number,
  role: Readonly<Record<string, string>>,
  settings: Settings,
  { logFile, mark, nodeArguments = [] }: AppOptions,
): Promise<App> {
  const main = join(REPOSITORY, 'apps', app, 'src', 'main.ts');
  const log = openSync(logFile, 'a');
  const env = { ...Object.fromEntries(settingsEntries(settings)), ...role, ...mark };
  const child = spawn(process.execPath, [...nodeArguments, main], {
    cwd: REPOSITORY,
    env,
    stdio: ['ignore', log, log],
  });
  const url = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + READY_MS;
  while (!(await isReady(url))) {
    if (child.exitCode !== null) throw new Error(`${app} ended with ${child.exitCode}: see ${logFile}`);
    if (Date.now() > deadline) throw new Error(`${app} was not ready within ${READY_MS} ms: see ${logFile}`);
    await sleep(50);
  }
  return { pid: child.pid ?? 0, url, stop: () => stopped(child), kill: () => killed(child) };
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health/ready`)).ok;
  } catch {
    return false; // Not yet there: it is asked again.
  }
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await exit;
  clearTimeout(timer);
}

async function killed(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}
