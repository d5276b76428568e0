import { createHash, type Hash } from 'node:crypto';
import { defineProblem, placed } from '@esteira/http';
import {
  commitChunk,
  importByKey,
  startImport,
  whileAlone,
  type ImportedOrder,
  type ImportState,
  type Refusal,
} from '@esteira/orders/source';
import type { Postgres, Sql } from '@esteira/postgres';
import type { OpenBody } from './body.ts';
import type { Charset } from './charset.ts';
import { RecordFile, type FileOptions } from './file.ts';
import type { Part } from './record.ts';
import { orderOf, type RowFormat } from './row.ts';

export const keyReused = defineProblem({
  code: 'idempotency-key-reused',
  status: 422,
  title: 'The Idempotency-Key belongs to another file, or to one that was to be read in another way.',
});
export const importInProgress = defineProblem({
  code: 'import-in-progress',
  status: 409,
  title: 'A request with this Idempotency-Key is being worked on.',
  retryAfterSeconds: 2,
});

/** A file to import. */
export interface ImportRequest extends FileOptions {
  readonly rows: RowFormat;
  readonly key?: string;
  /** Fewer records a transaction, for tests. */
  readonly chunkRows?: number;
}

/** An import that ended. `repeated`: an earlier request had done it, and this one changed nothing. */
export type Imported = ImportState & { readonly repeated?: true };

/** An import that ended early. What was committed stays. */
export class ImportInterrupted extends Error {
  readonly state: ImportState | undefined;
  /** Whether this request committed a part of it. */
  readonly moved: boolean;

  constructor(state: ImportState | undefined, moved: boolean, cause: unknown) {
    super('An import was interrupted', { cause });
    this.name = 'ImportInterrupted';
    this.state = state;
    this.moved = moved;
  }
}

/**
 * Records of one transaction. Far fewer than the watermark would mind: what a chunk holds outlives V8's young
 * generation, and with 10,000 the process grows by 200 MB and is slower.
 */
const CHUNK_RECORDS = 2_000;

/** Bytes of a file after which a transaction is committed, however few records they are. */
const CHUNK_BYTES = 8 * 1_048_576;

/**
 * Imports a file. With a key, a file that was imported is only compared, and one that was begun goes on where it
 * stopped; both must be the same bytes.
 *
 * @throws ImportInterrupted whenever it ends early, with the reason as its cause.
 */
export async function importFile(postgres: Postgres, body: OpenBody, request: ImportRequest): Promise<Imported> {
  const { key } = request;
  try {
    if (key === undefined) return await importInto(new ImportWriter(postgres, request, body.charset), body, request);
    const state = await whileAlone(postgres, key, () => importOnce(postgres, body, request, key));
    if (state !== undefined) return state;
    throw importInProgress('This file is being imported by another request. Repeat it when that one is answered.');
  } finally {
    body.close();
  }
}

async function importOnce(postgres: Postgres, body: OpenBody, request: ImportRequest, key: string): Promise<Imported> {
  const known = await importByKey(postgres, key);
  if (known?.finished !== true)
    return importInto(new ImportWriter(postgres, request, body.charset, known), body, request);
  const hash = seeded(request, body.charset);
  for await (const chunk of body.bytes) hash.update(chunk);
  if (hash.digest('hex') !== known.contentHash) throw reused(known);
  return { ...known, repeated: true };
}

async function importInto(writer: ImportWriter, body: OpenBody, request: ImportRequest): Promise<ImportState> {
  const before = writer.state;
  try {
    for await (const parts of new RecordFile(body, request).parts()) {
      for (const part of parts) if (writer.take(part)) await writer.commit(false);
    }
    return await writer.commit(true);
  } catch (error) {
    throw new ImportInterrupted(writer.state, writer.state !== before, error);
  }
}

/**
 * A running hash that begins with what was asked for: the same file read in another way is another import. It goes on
 * with the file as it is read, so that a file is the same packed or in a form. What is not asked for leaves no trace:
 * a key stays good when there is more to ask for.
 */
function seeded({ mapping, delimiter, quote, headerLine, rows }: ImportRequest, charset: Charset): Hash {
  const { product, price, createdAt } = mapping;
  const asked = [product, price, createdAt, delimiter ?? null];
  const usual = { quote: '"', charset: 'utf-8' };
  const more = Object.entries({ ...rows, headerLine, quote, charset })
    .filter(([name, value]) => value !== undefined && value !== usual[name as keyof typeof usual])
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(more.length === 0 ? asked : [...asked, more]));
}

function reused({ importId }: ImportState) {
  const detail = `Import ${importId} had this Idempotency-Key and another content, or other options. Use a new key for another import.`;
  return keyReused(detail, placed('headers', '/idempotency-key', 'belongs to another import'));
}

/** Collects records and commits them; skips those that an earlier request has dealt with, when they are the same. */
class ImportWriter {
  /** As of the last commit; undefined before the first. */
  state: ImportState | undefined;
  readonly #sql: Sql;
  readonly #key: string | undefined;
  readonly #chunkRows: number;
  readonly #rows: RowFormat;
  readonly #hash: Hash;
  #position = 0;
  #orders: ImportedOrder[] = [];
  #refusals: Refusal[] = [];
  #bytes = 0;

  constructor(sql: Sql, request: ImportRequest, charset: Charset, known?: ImportState) {
    this.state = known;
    this.#sql = sql;
    this.#key = request.key;
    this.#chunkRows = request.chunkRows ?? CHUNK_RECORDS;
    this.#rows = request.rows;
    this.#hash = seeded(request, charset);
  }

  /** Takes a part. True when it is time to commit. */
  take(part: Part): boolean {
    this.#hash.update(part.bytes);
    if (part.kind === 'filler') return false;
    this.#position += 1;
    if (this.#isKnown()) return false;
    this.#bytes += part.bytes.length;
    if (part.kind === 'refused') this.#refusals.push({ line: part.line, reason: part.reason });
    else this.#takeRow(part);
    return this.#orders.length + this.#refusals.length >= this.#chunkRows || this.#bytes >= CHUNK_BYTES;
  }

  /** Commits what was taken since the last time; starts the import if there is none yet. */
  async commit(finished: boolean): Promise<ImportState> {
    if (this.state !== undefined && this.#position < this.state.position) throw reused(this.state);
    const before = this.state ?? (await startImport(this.#sql, this.#key, this.#digest()));
    const chunk = { orders: this.#orders, refusals: this.#refusals, contentHash: this.#digest(), finished };
    this.state = await commitChunk(this.#sql, before, chunk);
    this.#orders = [];
    this.#refusals = [];
    this.#bytes = 0;
    return this.state;
  }

  /** Whether a record was dealt with by an earlier request. At the last of these, the bytes so far must be the same. */
  #isKnown(): boolean {
    if (this.state === undefined || this.#position > this.state.position) return false;
    if (this.#position === this.state.position && this.#digest() !== this.state.contentHash) throw reused(this.state);
    return true;
  }

  #takeRow({ line, raw }: Extract<Part, { kind: 'row' }>): void {
    const result = orderOf(raw, this.#rows);
    if ('order' in result) this.#orders.push(result.order);
    else this.#refusals.push({ line, reason: result.reason });
  }

  #digest(): string {
    return this.#hash.copy().digest('hex');
  }
}
