import { resolve } from 'node:path';
import type { Attempt, Handler, HandlerContext, HandlerOutcome } from '@esteira/pipeline';
import { outcomeOfModule } from './module-answer.ts';
import { ModuleThread, ModuleUnloadable } from './module-thread.ts';

/** Which module does the work, and what it is given. */
export interface ModuleHandlerOptions {
  /** What people call it, for example `checker`; failures have codes such as `checker-threw`. */
  readonly role: string;
  /** A TypeScript or JavaScript file, relative to the working directory. */
  readonly path: string;
  /** The function that it exports, or exports by default: `(message, { ...contextOf(attempt), signal }) => outcome`. */
  readonly exportName: string;
  /** What the function is told of an attempt. It is copied into the thread, as the message is. */
  readonly contextOf: (attempt: Attempt) => object;
  /** Worker threads; each makes one attempt at a time. */
  readonly threads: number;
  /** The heap that a thread may use, in MB. */
  readonly memoryMb: number;
  /** How long the module may take to answer after an attempt's signal fired, in milliseconds; 100 where it is absent. */
  readonly graceMs?: number;
}

/**
 * Runs a module in worker threads, under a watchdog: a loop, a crash, an exit or too much memory ends the thread, costs
 * this attempt of this message, and another thread takes its place. What ends the whole process (a native crash,
 * `process.kill`) is beyond that.
 *
 * @throws ModuleUnloadable when the module can't be loaded, or exports no such function.
 */
export async function openModuleHandler<M>(given: ModuleHandlerOptions): Promise<Handler<M>> {
  const { role, threads, contextOf, ...rest } = given;
  const options = { ...rest, path: resolve(rest.path) };
  const all = Array.from({ length: threads }, () => new ModuleThread(options));
  const close = async () => {
    await Promise.all(all.map((thread) => thread.close()));
  };
  try {
    await Promise.all(all.map((thread) => thread.ready()));
  } catch (error) {
    await close();
    throw error;
  }
  const idle = [...all];
  return {
    name: 'module',
    concurrency: threads,
    handle: async (message, context) => {
      const thread = idle.pop();
      if (thread === undefined) throw new Error(`More than ${threads} attempts at once`);
      try {
        return await attempted(thread, role, { message, context: contextOf(context.attempt) }, context);
      } finally {
        idle.push(thread);
      }
    },
    close,
  };
}

async function attempted(
  thread: ModuleThread,
  role: string,
  job: { readonly message: unknown; readonly context: object },
  { signal }: HandlerContext,
): Promise<HandlerOutcome> {
  try {
    return outcomeOfModule(await thread.run(job, signal), role);
  } catch (error) {
    if (!(error instanceof ModuleUnloadable)) throw error;
    return { kind: 'return', fault: { code: `${role}-unloadable`, message: error.message } };
  }
}
