import type { FastifyRequest } from 'fastify';
import type { App } from '../app-type.ts';
import { tooManyRequests } from './access-problems.ts';

const MINUTE_MS = 60_000;

/** Counts one more, and rejects where that is too many. */
export type Limit = (request: FastifyRequest) => Promise<void>;

/** So many within a minute, of each of `keyOf`. Needs the plugin for rate limits. */
export function limit(app: App, max: number, what: string, keyOf: (request: FastifyRequest) => string): Limit {
  const keyGenerator = (request: FastifyRequest) => `${what} ${keyOf(request)}`;
  const count = app.createRateLimit({ max, timeWindow: MINUTE_MS, keyGenerator });
  return async (request) => {
    const counted = await count(request);
    if (!counted.isAllowed && counted.isExceeded) throw tooManyRequests(`More than ${max} ${what} within a minute.`);
  };
}
