import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import type { FromWorker, ModuleContext, ToWorker, WorkerStart } from './module-protocol.ts';

/**
 * The inside of a worker thread: loads the module, then makes one attempt after the other. Whatever the module does to
 * this thread is seen from outside (module-thread.ts).
 */
const { path, exportName } = workerData as WorkerStart;
type Work = (message: unknown, context: ModuleContext) => unknown;
const say = (message: FromWorker) => parentPort?.postMessage(message);

async function load(): Promise<Work> {
  const module = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  const work = module[exportName] ?? module['default'];
  if (typeof work !== 'function') throw new Error(`it exports no function ${exportName}(message, context)`);
  return work as Work;
}

let running = new AbortController();

async function attempt(work: Work, { id, message, context }: Extract<ToWorker, { kind: 'handle' }>) {
  running = new AbortController();
  try {
    const answer = await work(message, { ...context, signal: running.signal });
    // As text: what is no JSON fails here, where it is the module's own mistake.
    say({ kind: 'answer', id, json: JSON.stringify(answer) });
  } catch (error) {
    say({ kind: 'threw', id, message: error instanceof Error ? error.message : String(error) });
  }
}

try {
  const work = await load();
  parentPort?.on('message', (told: ToWorker) => {
    if (told.kind === 'abort') running.abort();
    else void attempt(work, told);
  });
  say({ kind: 'ready' });
} catch (error) {
  say({ kind: 'unloadable', message: error instanceof Error ? error.message : String(error) });
}
