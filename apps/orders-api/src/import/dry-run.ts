import { timesAsStored, type ImportedOrder } from '@esteira/orders/source';
import type { Sql } from '@esteira/postgres';
import type { OpenBody } from './body.ts';
import type { Charset } from './charset.ts';
import type { CsvHeader } from './csv-header.ts';
import { RecordFile } from './file.ts';
import { ImportInterrupted, type ImportRequest } from './import-file.ts';
import type { Part } from './record.ts';
import type { Refusal } from './refusal.ts';
import { orderOf } from './row.ts';

/** An order as it would be stored. */
export interface PreviewedOrder {
  readonly line: number;
  readonly product: string;
  readonly price: string;
  /** ISO 8601, UTC; null for the time of the import. */
  readonly createdAt: string | null;
  readonly securityCheck: boolean;
}

/** Records that break the same rule. */
export interface RefusedByRule {
  readonly rule: string;
  readonly count: number;
  /** The first of them. */
  readonly line: number;
  readonly reason: string;
}

/** What an import would do. */
export interface Preview {
  readonly format: 'csv' | 'ndjson';
  readonly charset: Charset;
  /** Of CSV. */
  readonly header: CsvHeader | undefined;
  readonly positive: number;
  readonly negative: number;
  readonly orders: readonly PreviewedOrder[];
  readonly refused: number;
  readonly rules: readonly RefusedByRule[];
}

/** Orders that a preview shows. */
export const PREVIEWED = 5;

/**
 * Reads a file as an import does, and writes nothing.
 *
 * @throws ImportInterrupted when it ends early, with the reason as its cause.
 */
export async function previewFile(sql: Sql, body: OpenBody, request: ImportRequest): Promise<Preview> {
  try {
    const file = new RecordFile(body, request);
    const seen = new Seen(request);
    for await (const parts of file.parts()) for (const part of parts) seen.take(part);
    const { format, header } = file;
    return { format, charset: body.charset, header, ...seen.counts(), orders: await stored(sql, seen.first) };
  } catch (error) {
    throw new ImportInterrupted(undefined, false, error);
  } finally {
    body.close();
  }
}

type Numbered = ImportedOrder & { readonly line: number };

/** Counts what an import would take and refuse. */
class Seen {
  readonly first: Numbered[] = [];
  readonly #request: ImportRequest;
  readonly #rules = new Map<string, RefusedByRule>();
  #positive = 0;
  #negative = 0;
  #refused = 0;

  constructor(request: ImportRequest) {
    this.#request = request;
  }

  take(part: Part): void {
    if (part.kind === 'filler') return;
    const result = part.kind === 'row' ? orderOf(part.raw, this.#request.rows) : part;
    if (!('order' in result)) {
      this.#refuse(part.line, result);
      return;
    }
    if (result.order.securityCheck) this.#positive += 1;
    else this.#negative += 1;
    if (this.first.length < PREVIEWED) this.first.push({ ...result.order, line: part.line });
  }

  counts(): Pick<Preview, 'positive' | 'negative' | 'refused' | 'rules'> {
    const rules = [...this.#rules.values()].sort((a, b) => b.count - a.count);
    return { positive: this.#positive, negative: this.#negative, refused: this.#refused, rules };
  }

  #refuse(line: number, { rule, reason }: Refusal): void {
    this.#refused += 1;
    const known = this.#rules.get(rule) ?? { rule, count: 0, line, reason };
    this.#rules.set(rule, { ...known, count: known.count + 1 });
  }
}

/** Postgres itself says what it makes of a time. */
async function stored(sql: Sql, orders: readonly Numbered[]): Promise<PreviewedOrder[]> {
  const times = await timesAsStored(
    sql,
    orders.map(({ createdAt }) => createdAt),
  );
  return orders.map(({ line, product, price, securityCheck }, i) => {
    return { line, product, price, createdAt: times[i] ?? null, securityCheck };
  });
}
