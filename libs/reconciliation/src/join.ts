import type { DeadLetterRow, EndputReader, JoinedRow, ReadPage, SourceReader, SourceRow, StoredRow } from './rows.ts';

type Draft = { -readonly [K in keyof JoinedRow]: JoinedRow[K] };

/**
 * The full outer join of source, stored rows and dead letters by id, ascending, in pieces. At most three pages are in
 * memory, however the ids are spread: a piece ends where the shortest of the pages read so far ends.
 */
export async function* joinedRows(
  source: SourceReader,
  endput: EndputReader,
  pageSize: number,
): AsyncGenerator<JoinedRow[]> {
  const rows = new Paged(source.page, pageSize);
  const stored = new Paged(endput.stored, pageSize);
  const dead = new Paged(endput.deadLetters, pageSize);
  for (;;) {
    await Promise.all([rows.fill(), stored.fill(), dead.fill()]);
    const ends = [rows.end, stored.end, dead.end].filter((end) => end !== undefined);
    const bound = ends.length === 0 ? undefined : ends.reduce((least, end) => (end < least ? end : least));
    const piece = join(rows.take(bound), stored.take(bound), dead.take(bound));
    if (piece.length > 0) yield piece;
    if (bound === undefined) return;
  }
}

/** Joins rows that are all in memory; those with the lowest ids come first. */
export function join(
  source: readonly SourceRow[],
  stored: readonly StoredRow[],
  dead: readonly DeadLetterRow[],
): JoinedRow[] {
  const byId = new Map<string, Draft>();
  const of = (id: string): Draft => {
    let draft = byId.get(id);
    if (draft === undefined) byId.set(id, (draft = { id }));
    return draft;
  };
  for (const row of source) of(row.id).source = row;
  const known = byId.size;
  for (const row of stored) of(row.id).stored = row;
  for (const row of dead) of(row.id).dead = row;
  const joined = [...byId.values()];
  // Source rows come in order; only ids the source does not know stand at the end.
  if (byId.size > known) joined.sort((a, b) => Number(BigInt(a.id) - BigInt(b.id)));
  return joined;
}

/** A table read page by page. */
class Paged<R extends { readonly id: string }> {
  readonly #read: ReadPage<R>;
  readonly #limit: number;
  #rows: R[] = [];
  #from = 0;
  #after: string | undefined;
  #done = false;

  constructor(read: ReadPage<R>, limit: number) {
    this.#read = read;
    this.#limit = limit;
  }

  /** Reads the next page when the one at hand is used up. */
  async fill(): Promise<void> {
    if (this.#from < this.#rows.length || this.#done) return;
    this.#rows = await this.#read(this.#after, this.#limit);
    this.#from = 0;
    this.#after = this.#rows.at(-1)?.id;
    this.#done = this.#rows.length < this.#limit;
  }

  /** The highest id up to which this table is known; undefined when it is known to its end. */
  get end(): bigint | undefined {
    const last = this.#rows.at(-1);
    return this.#done || last === undefined ? undefined : BigInt(last.id);
  }

  /** Takes what is known up to `bound`, or all. */
  take(bound: bigint | undefined): R[] {
    let to = this.#rows.length;
    if (bound !== undefined) while (to > this.#from && BigInt(this.#rows[to - 1]?.id ?? 0) > bound) to -= 1;
    const taken = this.#rows.slice(this.#from, to);
    this.#from = to;
    return taken;
  }
}
