import { dependencyUnavailable, invalidRequest, placed, type ProblemError } from '@esteira/http';
import { BrokerUnavailable } from '@esteira/messaging';
import { isAway } from '@esteira/postgres';
import { RedisFault } from '@esteira/relay';
import { explained } from './overview/sampled.ts';

/** What a list or a search is asked wrongly, by the names of the errors: a cursor of another one, half of a row's place. */
const ASKED_WRONGLY: Readonly<Record<string, string>> = {
  BadCursor: '/cursor',
  ForeignCursor: '/cursor',
  WrongCursor: '/cursor',
  UnservedSearch: '/source_id',
};

/** A server that does not answer is not the console's mistake: 503, and when to ask again. */
export function classifyFault(error: Error): ProblemError | undefined {
  const pointer = ASKED_WRONGLY[error.name];
  if (pointer !== undefined) return invalidRequest(error.message, placed('querystring', pointer, error.message));
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
