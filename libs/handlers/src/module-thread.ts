import { Worker } from 'node:worker_threads';
import type { FromWorker, ToWorker, WorkerStart } from './module-protocol.ts';

/** The longest a module may take to load, in milliseconds. */
const LOAD_TIMEOUT_MS = 30_000;
/** How long a module may take to answer after its signal fired, where nothing else is said, in milliseconds. */
const GRACE_MS = 100;

/** The module can't be loaded. The message says which and why. */
export class ModuleUnloadable extends Error {
  override name = 'ModuleUnloadable';
}

/** What became of an attempt in a thread. */
export type ThreadAnswer =
  | Extract<FromWorker, { kind: 'answer' | 'threw' }>
  | { readonly kind: 'timeout' }
  | { readonly kind: 'crashed'; readonly message: string };

export interface ThreadOptions {
  /** Absolute path of the module. */
  readonly path: string;
  /** The function of it that is called; by default its default export. */
  readonly exportName: string;
  /** The heap that the thread may use, in MB. */
  readonly memoryMb: number;
  /** How long the module may take to answer after its signal fired, in milliseconds, before its thread is ended. */
  readonly graceMs?: number;
}

/**
 * A worker thread that makes one attempt at a time, and its replacement whenever it ends. An attempt is over only when
 * the thread, or its replacement, is ready again: the next attempt's time must not run while a thread starts.
 */
export class ModuleThread {
  readonly #options: ThreadOptions;
  #worker: Promise<Worker>;
  #lastId = 0;

  constructor(options: ThreadOptions) {
    this.#options = options;
    this.#worker = this.#start();
  }

  /** Resolves when the module is loaded. @throws ModuleUnloadable */
  async ready(): Promise<void> {
    await this.#worker;
  }

  /** Makes one attempt. Never called while another runs. @throws ModuleUnloadable */
  async run(
    job: Omit<Extract<ToWorker, { kind: 'handle' }>, 'kind' | 'id'>,
    signal: AbortSignal,
  ): Promise<ThreadAnswer> {
    const worker = await this.#worker.catch(() => this.#replace());
    const id = ++this.#lastId;
    const limits = { signal, graceMs: this.#options.graceMs ?? GRACE_MS };
    const answer = await answerOf(worker, id, limits, () => {
      worker.postMessage({ kind: 'handle', id, ...job } satisfies ToWorker);
    });
    if (answer.kind === 'timeout' || answer.kind === 'crashed') {
      await worker.terminate();
      await this.#replace().catch(() => undefined); // The next attempt tries again, and says why it can't.
    }
    return answer;
  }

  async close(): Promise<void> {
    const worker = await this.#worker.catch(() => undefined); // What did not start need not be ended.
    await worker?.terminate();
  }

  #replace(): Promise<Worker> {
    this.#worker = this.#start();
    return this.#worker;
  }

  #start(): Promise<Worker> {
    const starting = started(this.#options);
    starting.then(
      (worker) =>
        worker.once('exit', () => {
          this.#ended(starting);
        }),
      () => undefined, // Heard by whoever waits for the thread.
    );
    return starting;
  }

  /** Ended on its own between two attempts: the next one begins with a new thread. */
  #ended(worker: Promise<Worker>): void {
    if (this.#worker !== worker) return;
    this.#worker = Promise.reject(new ModuleUnloadable('The thread ended between two attempts.'));
    this.#worker.catch(() => undefined); // The next attempt starts a thread in its place.
  }
}

/** Starts a thread and waits until it has loaded the module. */
async function started({ path, exportName, memoryMb }: ThreadOptions): Promise<Worker> {
  const worker = new Worker(new URL('./module-worker.ts', import.meta.url), {
    workerData: { path, exportName } satisfies WorkerStart,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
  });
  const { promise, resolve, reject } = Promise.withResolvers<Worker>();
  const fail = (why: string) => {
    reject(new ModuleUnloadable(`The module ${path} can't be loaded: ${why}.`));
    void worker.terminate();
  };
  const timer = setTimeout(fail, LOAD_TIMEOUT_MS, `it is not ready after ${LOAD_TIMEOUT_MS / 1_000} s`);
  worker.once('message', (message: FromWorker) => {
    if (message.kind === 'ready') resolve(worker);
    else fail(message.kind === 'unloadable' ? message.message : 'it spoke to the thread that loads it');
  });
  worker.once('exit', (code) => {
    fail(`it ended its thread with exit code ${code}`);
  });
  // Stays for the thread's whole life: an error that nobody hears would end the process.
  worker.on('error', (error) => {
    fail(explained(error));
  });
  return promise.finally(() => {
    clearTimeout(timer);
  });
}

/** Waits for the answer to `id`, the end of the thread, or the end of time. */
async function answerOf(
  worker: Worker,
  id: number,
  { signal, graceMs }: { readonly signal: AbortSignal; readonly graceMs: number },
  ask: () => void,
): Promise<ThreadAnswer> {
  const { promise, resolve } = Promise.withResolvers<ThreadAnswer>();
  let grace: NodeJS.Timeout | undefined;
  const onMessage = (message: FromWorker) => {
    if ((message.kind === 'answer' || message.kind === 'threw') && message.id === id) resolve(message);
  };
  const onError = (error: unknown) => {
    resolve({ kind: 'crashed', message: explained(error) });
  };
  const onExit = (code: number) => {
    resolve({ kind: 'crashed', message: `it ended its thread with exit code ${code}` });
  };
  const onAbort = () => {
    worker.postMessage({ kind: 'abort' } satisfies ToWorker);
    grace = setTimeout(resolve, graceMs, { kind: 'timeout' });
  };
  worker.on('message', onMessage).once('error', onError).once('exit', onExit);
  signal.addEventListener('abort', onAbort, { once: true });
  ask();
  if (signal.aborted) onAbort();
  return promise.finally(() => {
    clearTimeout(grace);
    signal.removeEventListener('abort', onAbort);
    worker.off('message', onMessage).off('error', onError).off('exit', onExit);
  });
}

function explained(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as { code?: string };
  return code === undefined ? `${error.name}: ${error.message}` : `${code}: ${error.message}`;
}
