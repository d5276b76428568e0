import { LeaseLost, type Held, type Lease } from './lease.ts';

/** What runs a statement: a pool, or a transaction. */
export interface SqlConnection {
  query<T extends object>(text: string, values?: readonly unknown[]): Promise<T[]>;
}

/** What runs a transaction. */
export interface TransactionalConnection<Tx extends SqlConnection> extends SqlConnection {
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}

/**
 * A table whose rows are held, one lease a row, in the columns `holder text`, `lease_until timestamptz` and
 * `fence int NOT NULL DEFAULT 0`. Its names stand in SQL as they are.
 */
export interface LeasedTable {
  readonly table: string;
  readonly key: string;
  readonly keyType: 'bigint' | 'text';
}

/** More of the same row that a renewal or a release writes: `note = $3`. Its parameters begin at `$3`. */
export interface RowChange {
  readonly set: string;
  readonly values: readonly unknown[];
}

/** A condition with its values. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** Leases in a table. It costs one update of one row to take, renew or release. */
export interface PostgresLease extends Lease<RowChange> {
  /** Frees rows, whoever holds them: what their holders still write has no effect. Parameters from `$1` on. */
  revoke(among: Condition): Promise<void>;
}

/** Rows that nobody holds. */
export const FREE = '(holder IS NULL OR lease_until < now())';

/** The condition that a write of a holder carries: `$1` is the key, `$2` the token. */
export function heldCondition({ key, keyType }: LeasedTable): string {
  return `${key} = $1::${keyType} AND fence = $2`;
}

/** @param takeable what must be so of a row beside being free, as SQL without parameters */
export function postgresLease(sql: SqlConnection, leased: LeasedTable, takeable = 'true'): PostgresLease {
  const { table, key, keyType } = leased;
  const held = heldCondition(leased);
  return {
    async take(of, holder, forMs) {
      const [row] = await sql.query<{ token: number }>(
        `UPDATE ${table} SET holder = $2, lease_until = now() + $3 * interval '1 millisecond', fence = fence + 1
          WHERE ${key} = $1::${keyType} AND ${FREE} AND ${takeable} RETURNING fence AS token`,
        [of, holder, forMs],
      );
      return row && { key: of, holder, token: row.token };
    },
    async renew({ key: of, token }, forMs, change) {
      const { set, values } = change ?? { set: '', values: [] };
      const rows = await sql.query(
        `UPDATE ${table} SET ${set && `${set}, `}lease_until = now() + $${values.length + 3} * interval '1 millisecond'
          WHERE ${held} RETURNING 1`,
        [of, token, ...values, forMs],
      );
      return rows.length === 0 ? 'lost' : 'renewed';
    },
    async release({ key: of, token }, change) {
      const { set, values } = change ?? { set: '', values: [] };
      await sql.query(`UPDATE ${table} SET ${set && `${set}, `}holder = NULL, lease_until = NULL WHERE ${held}`, [
        of,
        token,
        ...values,
      ]);
    },
    async revoke({ sql: among, values }) {
      await sql.query(
        `UPDATE ${table} SET holder = NULL, lease_until = NULL, fence = fence + 1 WHERE ${among}`,
        values,
      );
    },
  };
}

/**
 * Writes what a lease protects in other tables, in one transaction: nobody takes the lease over before its end.
 *
 * @throws LeaseLost before anything is written
 */
export function whileHeld<Tx extends SqlConnection, T>(
  sql: TransactionalConnection<Tx>,
  leased: LeasedTable,
  { key, token }: Held,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  return sql.transaction(async (tx) => {
    const rows = await tx.query(`SELECT FROM ${leased.table} WHERE ${heldCondition(leased)} FOR SHARE`, [key, token]);
    if (rows.length === 0) throw new LeaseLost(key);
    return work(tx);
  });
}
