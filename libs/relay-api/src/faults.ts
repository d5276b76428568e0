import { dependencyUnavailable, type ProblemError } from '@esteira/http';
import { BrokerUnavailable } from '@esteira/messaging';
import { isAway } from '@esteira/postgres';
import { RedisFault } from '@esteira/relay';

/** A server that does not answer is not this service's mistake: 503, and when to ask again. */
export function classifyFault(error: Error): ProblemError | undefined {
  if (error instanceof RedisFault || error instanceof BrokerUnavailable) return dependencyUnavailable(error.message);
  return isAway(error)
    ? dependencyUnavailable(`Postgres can't be used right now: ${error.message || 'no connection'}.`)
    : undefined;
}
