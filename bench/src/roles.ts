import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A part of a bench in a process of its own, as an API or a consumer is one. */
export interface Role {
  readonly pid: number;
  /** Asks the process for something and waits for the answer. */
  ask<T>(request: string, argument?: unknown): Promise<T>;
  end(): Promise<void>;
}

interface Request {
  readonly id: number;
  readonly request: string;
  readonly argument: unknown;
}

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** Starts a module that calls {@link serveRole}. `file` is a URL, relative to this directory. */
export function startRole(file: string, nodeArguments: readonly string[] = []): Role {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), { execArgv: [...nodeArguments] });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  child.on('message', ({ id, value, error }: Answer) => {
    if (error === undefined) waiting.get(id)?.resolve(value);
    else waiting.get(id)?.reject(new Error(`${file}: ${error}`));
    waiting.delete(id);
  });
  child.once('exit', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`${file} ended with ${code ?? 'a signal'}.`));
  });
  let id = 0;
  return {
    pid: child.pid ?? 0,
    ask: async <T>(request: string, argument?: unknown) => {
      const answer = Promise.withResolvers<unknown>();
      waiting.set((id += 1), answer);
      child.send({ id, request, argument } satisfies Request);
      return (await answer.promise) as T;
    },
    end: () => ended(child),
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** The other side: answers requests by name until the parent ends it, or is gone. */
export function serveRole(handlers: Readonly<Record<string, (argument: never) => Promise<unknown>>>): void {
  const answer = (reply: Answer) => process.send?.(reply);
  process.on('message', ({ id, request, argument }: Request) => {
    const handler = handlers[request];
    if (handler === undefined) answer({ id, error: `nobody answers ${request}` });
    else
      handler(argument as never).then(
        (value) => answer({ id, value }),
        (error: unknown) =>
          answer({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
      );
  });
  process.once('disconnect', () => process.exit(0));
}
