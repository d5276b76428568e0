import type { Logger } from '@esteira/observability';

/** Waits until parts of the console have ended. One that does not end in order keeps no other one from it. */
export async function allStopped(ends: readonly Promise<void>[], logger: Logger): Promise<void> {
  for (const result of await Promise.allSettled(ends)) {
    if (result.status === 'rejected')
      logger.warn({ err: result.reason as unknown }, 'a part of the console did not stop in order');
  }
}
