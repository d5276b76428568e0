import type pg from 'pg';

/** The server did not answer a statement in time. Whether it was carried out is not known; the connection is given up. */
export class PostgresSilent extends Error {
  /** As a socket would say it, so that it counts as a server that is away. */
  readonly code = 'ETIMEDOUT';

  constructor(address: string, timeoutMs: number, cause?: unknown) {
    super(`Postgres at ${address} did not answer a statement within ${timeoutMs} ms`, { cause });
    this.name = 'PostgresSilent';
  }
}

/**
 * The rows of one statement, or the error of `silent` after `timeoutMs` without an answer (0: never).
 *
 * The driver's promise and its `query_timeout` are left aside: both write a function literal into a property of the
 * query, which V8 keeps for methods and puts among old objects at once. Each of them held a whole page, or the values
 * of a whole batch, until the next full collection: young collections took five times as long.
 */
export function answer<T extends object>(
  client: pg.PoolClient,
  text: string,
  values: readonly unknown[],
  timeoutMs: number,
  silent: () => PostgresSilent,
): Promise<T[]> {
  const { promise, resolve, reject } = Promise.withResolvers<T[]>();
  const onSilence = () => {
    reject(silent());
  };
  const timer = timeoutMs === 0 ? undefined : setTimeout(onSilence, timeoutMs);
  const onAnswer = (error: Error | null, result: pg.QueryResult<T> | pg.QueryResult<T>[]) => {
    clearTimeout(timer);
    if (error !== null) reject(error);
    else resolve((Array.isArray(result) ? result.at(-1) : result)?.rows ?? []);
  };
  client.query(text, [...values], onAnswer);
  return promise;
}
