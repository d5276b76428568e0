import { setTimeout as sleep } from 'node:timers/promises';
import { within } from '@esteira/http';
import { PostgresSilent, sqlState, type Postgres, type Sql } from '@esteira/postgres';

/** How long somebody waits, in milliseconds. */
export interface Patience {
  /** For a statement, before the server is asked whether it is there at all. */
  readonly statementMs: number;
  /** For its sign of life. */
  readonly signMs: number;
}

const PATIENCE: Patience = { statementMs: 3_000, signMs: 2_000 };

/**
 * A pool for people, who are told soon that a server hangs. A statement may take as long as the pool lets it, as long as
 * the server shows a sign of life meanwhile; where it does not, the statement rejects with a PostgresSilent, and whether
 * it was carried out is not known. Transactions wait as long as they did.
 *
 * @param signs asks for the sign, on a connection that nobody else holds.
 */
export function forPeople(postgres: Postgres, signs: Sql, { statementMs, signMs }: Patience = PATIENCE): Postgres {
  let asking: Promise<unknown> | undefined;
  const sign = () => (asking ??= signs.query('SELECT 1').finally(() => (asking = undefined)));
  const silence = async (signal: AbortSignal): Promise<never> => {
    for (;;) {
      await sleep(statementMs, undefined, { signal });
      await within(signMs, sign()).catch((error: unknown) => {
        // A refusal (too many connections) is a sign too.
        if (sqlState(error) === undefined) throw new PostgresSilent(postgres.address, statementMs + signMs, error);
      });
    }
  };
  const query: Sql['query'] = async (text, values) => {
    const answered = new AbortController();
    try {
      return await Promise.race([postgres.query<never>(text, values), silence(answered.signal)]);
    } finally {
      answered.abort();
    }
  };
  return { ...postgres, query };
}
