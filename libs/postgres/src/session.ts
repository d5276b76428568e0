import { quoteLiteral } from './quote.ts';

/**
 * What our SQL and the driver depend on, whatever the URL, the role, the database or the server say: what a time, a
 * number or a text reads like, what a transaction sees, and that no row is hidden without an error.
 */
const REQUIRED: Readonly<Record<string, string>> = {
  client_encoding: 'UTF8',
  TimeZone: 'UTC',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  extra_float_digits: '1',
  bytea_output: 'hex',
  array_nulls: 'on',
  standard_conforming_strings: 'on',
  quote_all_identifiers: 'off',
  default_transaction_isolation: 'read committed',
  default_transaction_read_only: 'off',
  // A policy that would hide rows makes the statement fail.
  row_security: 'off',
  // Each statement has a limit already, waiting for locks included; a transaction may have many.
  lock_timeout: '0',
  transaction_timeout: '0',
};

/** How soon a server gives up a client that vanished: within a minute. By default it first asks after two hours. */
const KEEPALIVES = { tcp_keepalives_idle: 30, tcp_keepalives_interval: 10, tcp_keepalives_count: 3 } as const;

/** Limits of a session, in milliseconds; 0 is none. */
export interface SessionLimits {
  readonly statement_timeout: number;
  readonly idle_in_transaction_session_timeout: number;
}

/**
 * A statement that makes the settings what they must be; those that a version doesn't have are left out.
 *
 * @param isLocal an SQL condition: for this transaction only, as through a pooler, whose sessions others use too.
 */
export function settingStatement(limits: SessionLimits, isLocal: string): string {
  const settings = Object.entries({ ...REQUIRED, ...limits });
  const values = settings.map(([name, value]) => `(${quoteLiteral(name)}, ${quoteLiteral(String(value))})`);
  return `select set_config(name, value, ${isLocal}) from (
    values ${values.join(', ')},
      -- What was stored must outlive a crash before it is acknowledged.
      ('synchronous_commit', case current_setting('synchronous_commit') when 'off' then 'on' else current_setting('synchronous_commit') end),
      ('search_path', ${SEARCH_PATH})
  ) as setting (name, value) where current_setting(name, true) is not null`;
}

/** The search path that is asked for, but nothing in it hides what Postgres itself brings. */
const SEARCH_PATH = `case
  when (select coalesce(array_position(current_schemas(true), 'pg_catalog'), 0) > 1
      and current_schemas(false) @> array['pg_catalog'::name])
    then (select string_agg(quote_ident(name), ', ') from unnest(current_schemas(false)) as name where name <> 'pg_catalog')
  else current_setting('search_path') end`;

/** The search path of the role: another client of a pooler may have left one of its own. */
export const OWN_SEARCH_PATH = 'set local search_path to default';

/** A statement that only a session of our own is worth, and whose failure means nothing where a server can't do it. */
export const KEEPALIVE_STATEMENT = `select ${Object.entries(KEEPALIVES)
  .map(([name, value]) => `set_config('${name}', '${value}', false)`)
  .join(', ')}`;

/** What the settings are now, by their names; numbers in the unit that Postgres keeps them in. */
export const READ_STATEMENT = `select name, setting from pg_settings where name in (
  ${[...Object.keys(REQUIRED), 'statement_timeout', 'idle_in_transaction_session_timeout', 'synchronous_commit'].map(quoteLiteral).join(', ')})`;

/** What is not as it must be, for people: `TimeZone is Asia/Tokyo and not UTC`. Pure. */
export function wrongSettings(
  rows: readonly { readonly name: string; readonly setting: string }[],
  limits: SessionLimits,
): string[] {
  const found = new Map(rows.map(({ name, setting }) => [name, setting]));
  const wrong = Object.entries({ ...REQUIRED, ...limits }).flatMap(([name, wanted]) => {
    const is = found.get(name);
    return is === undefined || is === String(wanted) ? [] : [`${name} is ${is} and not ${wanted}`];
  });
  return found.get('synchronous_commit') === 'off' ? [...wrong, 'synchronous_commit is off'] : wrong;
}

/** Host, port and database of a URL, without user or password: for messages to people. */
export function addressOf(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port || '5432'}${pathname}`;
}
