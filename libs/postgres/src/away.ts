import { sqlState } from './sql-state.ts';

/** Connection exception, insufficient resources, operator intervention: Postgres may answer again by itself. */
const PASSING_STATES = /^(08|53|57)/;
const NETWORK_CODES = /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_)/;
/** What the driver says without a code. */
const DRIVER_WORDS =
  /connection terminated|timeout exceeded when trying to connect|client has encountered a connection error/i;

/** Whether an error says that Postgres can't be used right now, and not that it was asked something wrong. */
export function isAway(error: Error): boolean {
  const state = sqlState(error);
  if (state !== undefined && PASSING_STATES.test(state)) return true;
  const inner: unknown[] = error instanceof AggregateError ? error.errors : [];
  return [error, ...inner].some((one) => {
    const { code, message } = one as { code?: unknown; message?: unknown };
    return NETWORK_CODES.test(String(code)) || DRIVER_WORDS.test(String(message));
  });
}
