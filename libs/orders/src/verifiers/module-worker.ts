import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import type { FromWorker, ToWorker, VerifyOrder, WorkerStart } from './module-protocol.ts';

/**
 * The inside of a worker thread: loads the module, then makes one attempt after the other. Whatever the module does to
 * this thread is seen from outside (verifier-thread.ts).
 */
const { path } = workerData as WorkerStart;
const say = (message: FromWorker) => parentPort?.postMessage(message);

async function load(): Promise<VerifyOrder> {
  const module = (await import(pathToFileURL(path).href)) as { verify?: unknown; default?: unknown };
  const verify = module.verify ?? module.default;
  if (typeof verify !== 'function') throw new Error('it exports no function verify(message, context)');
  return verify as VerifyOrder;
}

let running = new AbortController();

async function attempt(verify: VerifyOrder, { id, message, context }: Extract<ToWorker, { kind: 'verify' }>) {
  running = new AbortController();
  try {
    const answer = await verify(message, { ...context, signal: running.signal });
    // As text: what is no JSON fails here, where it is the module's own mistake.
    say({ kind: 'answer', id, json: JSON.stringify(answer) });
  } catch (error) {
    say({ kind: 'threw', id, message: error instanceof Error ? error.message : String(error) });
  }
}

try {
  const verify = await load();
  parentPort?.on('message', (order: ToWorker) => {
    if (order.kind === 'abort') running.abort();
    else void attempt(verify, order);
  });
  say({ kind: 'ready' });
} catch (error) {
  say({ kind: 'unloadable', message: error instanceof Error ? error.message : String(error) });
}
