import type { Page } from './page.ts';

/**
 * What an item counts as. The first five are all that was accepted: accepted = done + dead + discarded + in flight + still
 * to be sent. A `fault` was accepted and is none of them: it is the difference. A `stray` was never accepted, and is
 * there; `aside` is one that somebody has explained.
 */
export type BookKind = 'done' | 'dead' | 'discarded' | 'in-flight' | 'to-be-sent' | 'fault' | 'stray' | 'aside';

/**
 * What can be done about an item that does not add up: its message may be sent again, which does no harm; or a person
 * may say why it is as it should be.
 */
export type Remedy = 'send-again' | 'explain';

/** A class of items, as a pipeline names it; items are counted by it. */
export type BookClass = { readonly name: string; readonly label: string } & (
  | { readonly kind: Exclude<BookKind, 'fault' | 'stray'> }
  | {
      readonly kind: 'fault' | 'stray';
      /** What is wrong with such items, in words that follow their number. */
      readonly what: string;
      readonly remedy: Remedy | null;
    }
);

/** What came from one origin: a source, a door, a partition. */
export interface OriginBooks {
  readonly origin: string;
  readonly accepted: number;
  /** By the names of the classes. */
  readonly counts: Readonly<Record<string, number>>;
}

/** The books of a pipeline at one time. */
export interface BooksReport {
  /** What is accepted, in words: `rows read`. */
  readonly accepted: string;
  /** In the order in which they are shown. */
  readonly classes: readonly BookClass[];
  readonly origins: readonly OriginBooks[];
}

const countOf = ({ counts }: OriginBooks, classes: readonly BookClass[], kinds: readonly BookKind[]): number =>
  classes.reduce((sum, { name, kind }) => sum + (kinds.includes(kind) ? (counts[name] ?? 0) : 0), 0);

const AT_REST: readonly BookKind[] = ['done', 'dead', 'discarded'];

/** Items that were accepted, and are neither at rest nor in flight nor still to be sent. Must be 0. Pure. */
export function differenceOf(origin: OriginBooks, classes: readonly BookClass[]): number {
  return origin.accepted - countOf(origin, classes, [...AT_REST, 'in-flight', 'to-be-sent']);
}

/** Whether no origin has a difference, a fault or a stray: a fault of one can't be made up for by another. Pure. */
export function addsUp({ origins, classes }: BooksReport): boolean {
  return origins.every(
    (origin) => differenceOf(origin, classes) === 0 && countOf(origin, classes, ['fault', 'stray']) === 0,
  );
}

/** Whether all that was accepted is at rest. Pure. */
export function isAllAtRest({ origins, classes }: BooksReport): boolean {
  return origins.every((origin) => origin.accepted === countOf(origin, classes, AT_REST));
}

/** What does not add up, in words with numbers; nothing where all is well. Pure. */
export function problemsOf({ origins, classes }: BooksReport): { readonly count: number; readonly what: string }[] {
  return classes.flatMap((one) => {
    if (one.kind !== 'fault' && one.kind !== 'stray') return [];
    const count = origins.reduce((sum, { counts }) => sum + (counts[one.name] ?? 0), 0);
    return count === 0 ? [] : [{ count, what: one.what }];
  });
}

/** Where a run of the books is. `interrupted`: its process ended without a word. */
export type BooksRunState = 'running' | 'finished' | 'failed' | 'interrupted';

/** A time at which the books were made up. Times are ISO 8601 text. */
export interface BooksRun {
  readonly id: string;
  readonly state: BooksRunState;
  /** The name of a person's key, or of what made them up by itself. */
  readonly startedBy: string;
  readonly startedAt: string;
  /** As of when the report is; null while it is running. */
  readonly endedAt: string | null;
  /** Null until it has finished. */
  readonly report: BooksReport | null;
  /** Why it failed. */
  readonly error: string | null;
}

/** An item that does not add up. */
export interface BookItem {
  readonly origin: string;
  /** What it is called at its origin. */
  readonly key: string;
  /** The name of its class, whose `remedy` says what can be done. */
  readonly class: string;
  /** What is known of it, for people; empty where nothing is. */
  readonly details: string;
  /** When its message was sent again; null where it was not. */
  readonly sentAgainAt: string | null;
}

/** Which items are listed. */
export interface BookItemsRequest {
  /** The name of a class that is a fault or a stray. */
  readonly class: string;
  readonly origin?: string;
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}

/**
 * The books of a pipeline: whether all that was accepted is accounted for, item by item. How they are made up is the
 * pipeline's: by joining rows, by counting states, by comparing offsets.
 */
export interface Books {
  readonly pipeline: string;
  /** Begins to make them up, unless that is under way already: one at a time. */
  begin(by: string): Promise<{ readonly kind: 'begun' | 'already-running'; readonly id: string }>;
  /** The times at which they were made up, the latest first. @throws ForeignCursor */
  runs(request: { readonly limit: number; readonly cursor?: string }): Promise<Page<BooksRun>>;
  run(id: string): Promise<BooksRun | undefined>;
  /** The items of a run that do not add up, by origin and key. @throws ForeignCursor */
  items(run: string, request: BookItemsRequest): Promise<Page<BookItem>>;
}
