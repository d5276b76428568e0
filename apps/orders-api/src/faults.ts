import { dependencyUnavailable, type ProblemError } from '@esteira/http';
import { BrokerUnavailable } from '@esteira/messaging';
import { sqlState } from '@esteira/postgres';
import { RedisFault } from '@esteira/relay';

/** Connection exception, insufficient resources, operator intervention: Postgres may answer again by itself. */
const PASSING_STATES = /^(08|53|57)/;
const NETWORK_CODES = /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_)/;
/** What the driver says without a code. */
const DRIVER_WORDS =
  /connection terminated|timeout exceeded when trying to connect|client has encountered a connection error/i;

/** A server that does not answer is not this service's mistake: 503, and when to ask again. */
export function classifyFault(error: Error): ProblemError | undefined {
  if (error instanceof RedisFault || error instanceof BrokerUnavailable) return dependencyUnavailable(error.message);
  return isPostgresAway(error)
    ? dependencyUnavailable(`Postgres can't be used right now: ${error.message || 'no connection'}.`)
    : undefined;
}

function isPostgresAway(error: Error): boolean {
  const state = sqlState(error);
  if (state !== undefined && PASSING_STATES.test(state)) return true;
  const inner: unknown[] = error instanceof AggregateError ? error.errors : [];
  return [error, ...inner].some((one) => {
    const { code, message } = one as { code?: unknown; message?: unknown };
    return NETWORK_CODES.test(String(code)) || DRIVER_WORDS.test(String(message));
  });
}
