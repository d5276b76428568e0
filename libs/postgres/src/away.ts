import { sqlState } from './sql-state.ts';

/** The server only follows another one, and can't be written. A failover makes it the primary, or leads elsewhere. */
export class StandbyServer extends Error {
  override name = 'StandbyServer';
  /** As the server says it to a write. */
  readonly code = '25006';

  constructor(address: string) {
    super(
      `Postgres at ${address} is a hot standby, which can't be written and does not know what is safe to read: ` +
        'name the primary (docs/own-table.md#a-standby). Where it is about to be promoted, that is waited for',
    );
  }
}

/**
 * Connection exception, insufficient resources, operator intervention, and a standby: Postgres may answer again, or take
 * writes again, by itself.
 */
const PASSING_STATES = /^(08|53|57|25006)/;
const NETWORK_CODES = /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_)/;
/** What the driver says without a code. */
const DRIVER_WORDS =
  /connection terminated|timeout exceeded when trying to connect|client has encountered a connection error/i;

/** Whether an error says that Postgres can't be used right now, and not that it was asked something wrong. */
export function isAway(error: Error): boolean {
  const state = sqlState(error);
  if (state !== undefined && (PASSING_STATES.test(state) || isRefusedByStandby(state, error))) return true;
  const inner: unknown[] = error instanceof AggregateError ? error.errors : [];
  return [error, ...inner].some((one) => {
    const { code, message } = one as { code?: unknown; message?: unknown };
    return NETWORK_CODES.test(String(code)) || DRIVER_WORDS.test(String(message));
  });
}

/**
 * What a standby says to a transaction that asks to write: its pooler led to the primary before. The state alone says too
 * little, and the words are in the server's language.
 */
function isRefusedByStandby(state: string, error: Error): boolean {
  const { routine } = error as { routine?: unknown };
  return state === '0A000' && routine === 'call_bool_check_hook';
}
