import { resolve } from 'node:path';
import type { VerifierOutcome } from '@esteira/pipeline';
import type { OrderMessage, Verifier, VerifierContext } from '../domain/index.ts';
import { outcomeOfModule } from './module-answer.ts';
import { ModuleUnloadable, VerifierThread } from './verifier-thread.ts';

/** Which module verifies. */
export interface ModuleVerifierOptions {
  /** A TypeScript or JavaScript file, relative to the working directory. It exports `verify`, see `VerifyOrder`. */
  readonly path: string;
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
 * @throws ModuleUnloadable when the module can't be loaded, or exports no `verify`.
 */
export async function openModuleVerifier({ path, threads, ...limits }: ModuleVerifierOptions): Promise<Verifier> {
  const options = { path: resolve(path), ...limits };
  const all = Array.from({ length: threads }, () => new VerifierThread(options));
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
    verify: async (message, context) => {
      const thread = idle.pop();
      if (thread === undefined) throw new Error(`More than ${threads} attempts at once`);
      try {
        return await attempted(thread, message, context);
      } finally {
        idle.push(thread);
      }
    },
    close,
  };
}

async function attempted(
  thread: VerifierThread,
  message: OrderMessage,
  { attempt: { messageId, system, attempt, maxAttempts, round }, signal }: VerifierContext,
): Promise<VerifierOutcome> {
  try {
    const context = { messageId, system, attempt, maxAttempts, round };
    return outcomeOfModule(await thread.run({ message, context }, signal));
  } catch (error) {
    if (!(error instanceof ModuleUnloadable)) throw error;
    return { kind: 'return', fault: { code: 'verifier-unloadable', message: error.message } };
  }
}
