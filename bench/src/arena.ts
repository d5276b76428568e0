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
  const servers = await startPrivateServers(env, report);
  const interrupted = Promise.withResolvers<never>();
  const onSignal = () => {
    interrupted.reject(new Error('The bench was interrupted: nothing of it is left.'));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, onSignal);
  const directory = join(REPOSITORY, '.local', `${servers.name}.logs`);
  mkdirSync(directory, { recursive: true });
  try {
    return await Promise.race([work({ servers, logFile: join(directory, 'apps.log'), report }), interrupted.promise]);
  } finally {
    await servers.end('remove');
    rmSync(directory, { recursive: true, force: true });
  }
}
