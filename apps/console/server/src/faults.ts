import { dependencyUnavailable, invalidRequest, placed, type ProblemError } from '@esteira/http';
import { BrokerUnavailable } from '@esteira/messaging';
import { isAway } from '@esteira/postgres';
import { RedisFault } from '@esteira/relay';
import { explained } from './overview/sampled.ts';

/** Errors of lists and searches that were asked wrongly, by name. */
const ASKED_WRONGLY: ReadonlySet<string> = new Set(['BadCursor', 'ForeignCursor', 'WrongCursor', 'UnservedSearch']);

/** What is wrong is the cursor, or, of a search, which row is meant. */
function wronglyAsked({ message }: Error): ProblemError {
  const pointer = message.startsWith('The cursor') ? '/cursor' : '/system';
  return invalidRequest(message, placed('querystring', pointer, message));
}

/** A server that does not answer is not the console's mistake: 503, and when to ask again. */
export function classifyFault(error: Error): ProblemError | undefined {
  if (ASKED_WRONGLY.has(error.name)) return wronglyAsked(error);
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
