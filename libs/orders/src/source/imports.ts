import type { Postgres, Sql } from '@esteira/postgres';

/** How far an import has come. Counts are of records of the file. */
export interface ImportState {
  readonly importId: string;
  /** Records dealt with: imported or refused. */
  readonly position: number;
  /** SHA-256, hex, of what was asked for and of the bytes up to the position (the whole file when finished). */
  readonly contentHash: string;
  readonly positive: number;
  readonly negative: number;
  readonly refused: number;
  readonly finished: boolean;
}

/** An order to import. `price` is decimal text that fits numeric(12,2); `createdAt` ISO 8601, or null for now. */
export interface ImportedOrder {
  readonly product: string;
  readonly price: string;
  readonly securityCheck: boolean;
  readonly createdAt: string | null;
}

/** A row that was not imported, and why. */
export interface Refusal {
  /** In the file, 1-based, the header line included. */
  readonly line: number;
  readonly reason: string;
}

/** Records that are committed at once. */
export interface ImportChunk {
  readonly orders: readonly ImportedOrder[];
  readonly refusals: readonly Refusal[];
  /** Of everything up to the end of this chunk. */
  readonly contentHash: string;
  /** Whether the file ends with it. */
  readonly finished: boolean;
}

/** Somebody else has moved the import on: what was to be committed is already there, or never will be. */
export class ImportMoved extends Error {
  constructor(importId: string) {
    super(`Import ${importId} was moved on by another request; repeat the request to go on where it stands`);
    this.name = 'ImportMoved';
  }
}

const COLUMNS = `import_id as "importId", position::float8 as position, encode(content_hash, 'hex') as "contentHash",
  positive::float8 as positive, negative::float8 as negative, refused::float8 as refused,
  finished_at is not null as finished`;

/** Finds an import by its key. */
export async function importByKey(sql: Sql, key: string): Promise<ImportState | undefined> {
  const [state] = await sql.query<ImportState>(`select ${COLUMNS} from imports where idempotency_key = $1`, [key]);
  return state;
}

/** Whether there is an import of this id. */
export async function importExists(sql: Sql, importId: string): Promise<boolean> {
  const rows = await sql.query(`select from imports where import_id = $1::uuid`, [importId]);
  return rows.length > 0;
}

/** Starts an import at position 0. `contentHash` is that of an empty file. */
export async function startImport(sql: Sql, key: string | undefined, contentHash: string): Promise<ImportState> {
  const [state] = await sql.query<ImportState>(
    `insert into imports (idempotency_key, content_hash) values ($1, decode($2, 'hex')) returning ${COLUMNS}`,
    [key ?? null, contentHash],
  );
  if (state === undefined) throw new Error('Postgres did not answer with the import it started');
  return state;
}

/** One statement, so one transaction: orders, refusals and position move together, or not at all. */
const COMMIT = `
  with moved as (
    update imports set position = position + $3::bigint + cardinality($9::bigint[]),
      positive = positive + $4::bigint, negative = negative + $3::bigint - $4::bigint,
      refused = refused + cardinality($9::bigint[]), content_hash = decode($10, 'hex'),
      finished_at = case when $11::boolean then now() end
    where import_id = $1::uuid and position = $2::bigint and finished_at is null
    returning ${COLUMNS}
  ), inserted as (
    insert into orders (product, price, security_check, created_at)
    select product, price, security_check, coalesce(created_at, now())
    from moved, unnest($5::text[], $6::numeric[], $7::boolean[], $8::timestamptz[])
      as o (product, price, security_check, created_at)
  ), noted as (
    insert into import_refusals (import_id, line, reason)
    select moved."importId", line, reason from moved, unnest($9::bigint[], $12::text[]) as r (line, reason)
  )
  select * from moved`;

/**
 * Commits the next records of an import.
 *
 * @returns the state after it.
 * @throws ImportMoved when the import no longer stands where `state` says; then nothing was written.
 */
export async function commitChunk(sql: Sql, state: ImportState, chunk: ImportChunk): Promise<ImportState> {
  const { orders, refusals } = chunk;
  const [moved] = await sql.query<ImportState>(COMMIT, [
    state.importId,
    state.position,
    orders.length,
    orders.filter(({ securityCheck }) => securityCheck).length,
    orders.map(({ product }) => product),
    orders.map(({ price }) => price),
    orders.map(({ securityCheck }) => securityCheck),
    orders.map(({ createdAt }) => createdAt),
    refusals.map(({ line }) => line),
    chunk.contentHash,
    chunk.finished,
    refusals.map(({ reason }) => reason),
  ]);
  if (moved === undefined) throw new ImportMoved(state.importId);
  return moved;
}

/** The refused rows of an import after a line, at most `limit`, by line. */
export async function importRefusals(sql: Sql, importId: string, afterLine: number, limit: number): Promise<Refusal[]> {
  return sql.query<Refusal>(
    `select line::float8 as line, reason from import_refusals
     where import_id = $1::uuid and line > $2::bigint order by line limit $3::int`,
    [importId, afterLine, limit],
  );
}

/**
 * Does something while nobody else may do the same under this key; undefined when somebody does already. The lock is a
 * transaction of its own that writes nothing, so it has no transaction id and does not hold back the watermark. It is
 * freed when the connection ends, however that comes about.
 */
export async function whileAlone<T>(postgres: Postgres, key: string, work: () => Promise<T>): Promise<T | undefined> {
  const first = `set local idle_in_transaction_session_timeout = 0`;
  return postgres.transaction(async (sql) => {
    const [lock] = await sql.query<{ alone: boolean }>(
      `select pg_try_advisory_xact_lock(hashtextextended('esteira import ' || $1::text, 0)) as alone`,
      [key],
    );
    return lock?.alone === true ? work() : undefined;
  }, first);
}
