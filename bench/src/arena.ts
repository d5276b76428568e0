import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Env } from '@esteira/config';
import { REPOSITORY, startPrivateServers, type PrivateServers } from '@esteira/infra';

/** Servers that belong to the bench alone, and where processes write their logs. */
export interface Arena {
  readonly servers: PrivateServers;
  readonly logFile: string;
  readonly report: (line: string) => void;
}

/** Starts the servers, runs the work, and ends everything that was started, also after Ctrl-C. */
export async function inArena<T>(env: Env, report: Arena['report'], work: (arena: Arena) => Promise<T>): Promise<T> {
  report('starting servers that belong to the bench alone');
  // Heard from the first moment on: servers that are being started have to be ended too.
  const interrupted = interruption();
  const servers = await startPrivateServers(env, report);
  const directory = join(REPOSITORY, '.local', `${servers.name}.logs`);
  try {
    mkdirSync(directory, { recursive: true });
    return await Promise.race([interrupted, work({ servers, logFile: join(directory, 'apps.log'), report })]);
  } finally {
    await servers.end('remove');
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Rejects when the bench is to end early. */
function interruption(): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => undefined); // It is heard where the work is.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // Not once: execa ends the process by the signal where nobody listens for it any more.
    process.on(signal, () => {
      reject(new Error('The bench was interrupted: nothing of it is left.'));
    });
  }
  return promise;
}
