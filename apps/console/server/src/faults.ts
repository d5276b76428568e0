import { dependencyUnavailable, type ProblemError } from '@esteira/http';
import { BrokerUnavailable } from '@esteira/messaging';
import { isAway } from '@esteira/postgres';
import { RedisFault } from '@esteira/relay';
import { explained } from './overview/sampled.ts';

/** A server that does not answer is not the console's mistake: 503, and when to ask again. */
export function classifyFault(error: Error): ProblemError | undefined {
  if (error instanceof RedisFault || error instanceof BrokerUnavailable) return dependencyUnavailable(error.message);
  if (error.name.startsWith('Mongo'))
    return dependencyUnavailable(`MongoDB can't be used right now: ${error.message}.`);
  if (error.message === 'fetch failed' || error.name === 'TimeoutError') {
    return dependencyUnavailable(`An app or RabbitMQ's management API does not answer: ${explained(error)}`);
  }
  return isAway(error)
    ? dependencyUnavailable(`Postgres can't be used right now: ${error.message || 'no connection'}.`)
    : undefined;
}
