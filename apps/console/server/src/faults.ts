import { dependencyUnavailable, invalidRequest, placed, type ProblemError } from '@esteira/http';
import { isLogFault, SearchTooWide } from '@esteira/attempt-log';
import { BrokerUnavailable, PolicyInForce } from '@esteira/messaging';
import { UnservedSearch } from '@esteira/orders/messages';
import { ForeignCursor } from '@esteira/pipeline';
import { isAway } from '@esteira/postgres';
import { RedisFault } from '@esteira/relay';
import { explained } from './explained.ts';

function wronglyAsked({ message }: Error, pointer: string): ProblemError {
  return invalidRequest(message, placed('querystring', pointer, message));
}

/** A server that does not answer is not the console's mistake: 503, and when to ask again. */
export function classifyFault(error: Error): ProblemError | undefined {
  if (error instanceof ForeignCursor) return wronglyAsked(error, '/cursor');
  if (error instanceof SearchTooWide) return wronglyAsked(error, '');
  if (error instanceof UnservedSearch) return wronglyAsked(error, `/${error.parameter}`);
  if (error instanceof RedisFault || error instanceof BrokerUnavailable || error instanceof PolicyInForce)
    return dependencyUnavailable(error.message);
  if (isLogFault(error)) return dependencyUnavailable(`MongoDB can't be used right now: ${error.message}.`);
  if (error.message === 'fetch failed' || error.name === 'TimeoutError') {
    return dependencyUnavailable(`An app or RabbitMQ's management API does not answer: ${explained(error)}`);
  }
  return isAway(error)
    ? dependencyUnavailable(`Postgres can't be used right now: ${error.message || 'no connection'}.`)
    : undefined;
}
