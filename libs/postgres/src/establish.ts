import type pg from 'pg';
import {
  KEEPALIVE_STATEMENT,
  OWN_SEARCH_PATH,
  READ_STATEMENT,
  settingStatement,
  wrongSettings,
  type SessionLimits,
} from './session.ts';
import { sqlState } from './sql-state.ts';

/** A session can't be what our SQL needs it to be. Trying again does not mend that: a person has to. */
export class SessionUnfit extends Error {
  override name = 'SessionUnfit';
}

/** What a connection leads to, once its settings are what they must be. */
export interface Session {
  /**
   * A pooler stands between: what a session is told holds for one transaction only, and the next one may be carried out
   * by another session. So every statement is in a transaction that begins with `begin`.
   */
  readonly isPooled: boolean;
  /** The server only follows another one: it can't be written. */
  readonly isStandby: boolean;
  /** Begins a transaction at READ COMMITTED, with the settings that it must have. */
  readonly begin: string;
}

/** Asks a connection one thing, without parameters; where that is several statements, the rows of the last are meant. */
export type Ask = <T extends object>(text: string) => Promise<T[]>;

/**
 * Makes the session of a new connection what it must be, and asks it whether it is: what the URL, the role, the database
 * or the server say of settings counts for less, and what is lost on the way is noticed.
 *
 * Nothing but `application_name` is asked for at start-up, as a pooler may refuse the rest or drop it without a word. A
 * pooler is known by what it can't tell us: the process that serves a statement is another than the one that greeted.
 *
 * @throws SessionUnfit where a pooler or a server can't give what is needed.
 */
export async function establish(
  client: pg.ClientBase,
  ask: Ask,
  address: string,
  limits: SessionLimits,
): Promise<Session> {
  const greeter = processIdOf(client);
  await ask(settingStatement(limits, `pg_backend_pid() <> ${greeter}`));
  const [server] = await ask<{ pid: number; standby: boolean }>(
    'select pg_backend_pid() as pid, pg_is_in_recovery() as standby',
  );
  const isPooled = server?.pid !== greeter;
  const isStandby = server?.standby === true;
  const session = { isPooled, isStandby, begin: isPooled ? beginPooled(limits, isStandby) : 'BEGIN' };
  if (!isPooled) await ask(KEEPALIVE_STATEMENT);
  const text = isPooled ? `${session.begin}; ${READ_STATEMENT}` : READ_STATEMENT;
  const wrong = wrongSettings(await readThrough(ask, text, address), limits);
  if (isPooled) await ask('COMMIT');
  if (wrong.length > 0) throw new SessionUnfit(unheeded(address, wrong));
  return session;
}

/** A standby has no transaction that writes, and refuses to be asked for one. */
const beginPooled = (limits: SessionLimits, isStandby: boolean): string =>
  `BEGIN ISOLATION LEVEL READ COMMITTED${isStandby ? '' : ' READ WRITE'}; ${OWN_SEARCH_PATH}; ${settingStatement(limits, 'true')}`;

/** The first transaction through a pooler is refused by one that works statement by statement. */
async function readThrough(ask: Ask, text: string, address: string) {
  try {
    return await ask<{ name: string; setting: string }>(text);
  } catch (error) {
    if (!/statement pooling/i.test((error as Error).message)) throw error;
    throw new SessionUnfit(
      `Postgres at ${address} is reached through PgBouncer with pool_mode=statement, which has no transactions: ${SAFE_WAYS}`,
      { cause: error },
    );
  }
}

const SAFE_WAYS =
  'give the address of the server itself, or set pool_mode=transaction or pool_mode=session for this database (docs/operations.md#through-a-pooler).';

const unheeded = (address: string, wrong: readonly string[]) =>
  `Postgres at ${address} does not keep what a session is told (${wrong.join('; ')}): something between here and the server ` +
  `takes settings away. ${SAFE_WAYS.replace(/^g/, 'G')}`;

const PROTOCOL_VIOLATION = '08P01';

/** Why a connection was refused, where a person can mend it; any other error as it is. */
export function connectError(error: unknown, address: string): unknown {
  const { message } = error as Error;
  if (sqlState(error) !== PROTOCOL_VIOLATION || !/startup parameter/i.test(message)) return error;
  return new SessionUnfit(
    `Postgres at ${address} is reached through PgBouncer, which refuses what the URL asks for (${message}). ` +
      'Take that out of the URL (?options=…, ?statement_timeout=…) or out of PGOPTIONS: what Esteira needs of a session, ' +
      'it sets itself. Or give the address of the server itself.',
    { cause: error },
  );
}

/** The driver has it, and its types do not. */
const processIdOf = (client: pg.ClientBase): number => (client as unknown as { processID: number }).processID;
