import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { REPOSITORY } from '@esteira/infra';

/** How a process of an app is started. */
export interface ProcessOptions {
  /** For example `consumer-1`. */
  readonly name: string;
  /** The file that Node runs, from the root of the repository. */
  readonly main: string;
  /** Where its health is asked. */
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
  /** Modules that Node loads first. */
  readonly imports?: readonly string[];
  readonly logFile: string;
}

/** How a process came to an end that nobody asked for. */
export interface Ending {
  readonly at: number;
  readonly exitCode: number | null;
  /** It had been ready: an app that can't start yet is started again, one that worked must not end. */
  readonly wasReady: boolean;
}

/** A supervised process: whatever ends it, it is started again, until it is stopped. */
export interface SupervisedProcess {
  readonly name: string;
  readonly url: string;
  /** Ends by itself, not by a signal of ours. */
  readonly endings: readonly Ending[];
  /** Whether it is there and not stopped by a signal. */
  readonly running: boolean;
  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void;
  /** Resolves when it says that it is ready. */
  ready(signal: AbortSignal): Promise<void>;
  /** Ends it for good. */
  stop(): Promise<void>;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
const ASK_EVERY_MS = 150;

/** Starts a process and keeps it running. */
export function startProcess(options: ProcessOptions): SupervisedProcess {
  const process = new AppProcess(options);
  process.start();
  return process;
}

class AppProcess implements SupervisedProcess {
  readonly name: string;
  readonly url: string;
  readonly endings: Ending[] = [];
  readonly #options: ProcessOptions;
  readonly #stopping = new AbortController();
  readonly #log: WriteStream;
  #child: ChildProcess | undefined;
  #isReady = false;
  #frozen = false;
  #ended: Promise<void> = Promise.resolve();

  constructor(options: ProcessOptions) {
    this.name = options.name;
    this.url = options.url;
    this.#options = options;
    this.#log = createWriteStream(options.logFile, { flags: 'a' });
  }

  start(): void {
    this.#ended = this.#supervise();
  }

  get running(): boolean {
    const child = this.#child;
    return !this.#frozen && child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#frozen = signal === 'SIGSTOP';
    this.#child?.kill(signal);
  }

  async ready(signal: AbortSignal): Promise<void> {
    for (;;) {
      if (this.running && (await answers(`${this.url}/health/ready`))) {
        this.#isReady = true;
        return;
      }
      await sleep(ASK_EVERY_MS, undefined, { signal });
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#child?.kill('SIGKILL');
    await this.#ended;
    this.#log.end();
    await once(this.#log, 'close');
  }

  async #supervise(): Promise<void> {
    const { signal } = this.#stopping;
    let pause = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      const begun = Date.now();
      await this.#runOnce();
      pause = Date.now() - begun > 5_000 ? FIRST_PAUSE_MS : Math.min(2 * pause, LONGEST_PAUSE_MS);
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }

  async #runOnce(): Promise<void> {
    const { main, env, imports = [] } = this.#options;
    const hooks = imports.flatMap((path) => ['--import', path]);
    const child = spawn(process.execPath, [...hooks, main], {
      cwd: REPOSITORY,
      env: { ...env, ESTEIRA_ENV_FILE: '/dev/null' }, // a developer's own settings are none of its business
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#isReady = false;
    child.stdout.pipe(this.#log, { end: false });
    child.stderr.pipe(this.#log, { end: false });
    const [exitCode, signal] = (await once(child, 'exit')) as [number | null, string | null];
    this.#frozen = false;
    const asked = this.#stopping.signal.aborted || signal === 'SIGKILL';
    if (!asked) this.endings.push({ at: Date.now(), exitCode, wasReady: this.#isReady });
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false; // Not yet there: it is asked again.
  }
}
