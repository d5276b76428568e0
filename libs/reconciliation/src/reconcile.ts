import type { ArchivedRows } from './archivings.ts';
import { classify, roundOf, type TableClass } from './classify.ts';
import { join, joinedRows } from './join.ts';
import type { OpenClass } from './judge.ts';
import { NO_MEMORY, type ReconciliationMemory } from './memory/memory.ts';
import { dayOf, Tally, type Reconciliation } from './report.ts';
import type { JoinedRow, Position, SystemReaders } from './rows.ts';
import { laterAtRest, settle, unsettledOf, type InBroker, type LastAttempts, type Unsettled } from './settle.ts';

/** A row that is not at rest, or is not as it should be. */
export interface UnrestedRow {
  readonly system: string;
  readonly id: string;
  readonly class: 'not-yet-published' | 'in-flight' | 'missing' | 'orphan' | 'differs';
  /** The round it travels in. */
  readonly round: number;
  /** When its source row was made, UTC; `unknown` where nothing tells. */
  readonly day: string;
  /** The contents that should be equal, where they differ; of a missing row that of the source, of an orphan the stored. */
  readonly source?: string;
  readonly stored?: string;
}

/** How far a reconciliation is. */
export interface ReconcileProgress {
  /** `reading` all rows; `checking` again those that looked wrong; `waiting` for the broker to count again. */
  readonly phase: 'reading' | 'checking' | 'waiting';
  /** The one that is being read. */
  readonly system: string | null;
  /** Source rows read, in all systems. */
  readonly rows: number;
  /** About how many there are; never less than `rows`. */
  readonly estimate: number;
}

export interface ReconcileOptions {
  readonly systems: readonly SystemReaders[];
  /** Messages the broker holds: lanes with what is unacked, and all that waits for a retry. */
  inFlight(): Promise<InBroker>;
  /** Between two samples of the broker's counts: longer than it takes the broker to count again. */
  pause(signal?: AbortSignal): Promise<void>;
  /** The longest that a message waits for a retry, and a count lags, in milliseconds. */
  readonly longestWaitMs: number;
  /** What a message may be attempted at most. */
  readonly maxAttempts: number;
  /** What earlier reconciliations have left to know; nothing where it is not given. */
  readonly memory?: ReconciliationMemory;
  /** Asks the attempt log; it knows nothing where it is not given. */
  readonly lastAttempts?: LastAttempts;
  /** The time, in milliseconds. */
  readonly clock?: () => number;
  /** Hears of each row that is not at rest, as it is found. */
  onRow?(row: UnrestedRow): void;
  /** Hears how far it is after each page. Reading goes on when it resolves: so rows never pile up. */
  onProgress?(progress: ReconcileProgress): void | Promise<void>;
  /** Ends it: it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Rows read from a table at once. */
  readonly pageSize?: number;
}

const PAGE_SIZE = 20_000;
/** How often a remainder that the broker does not account for is looked at, while the broker still holds messages. */
const MOST_LOOKS = 5;

/** A system while it is being reconciled. */
interface Work {
  readonly readers: SystemReaders;
  readonly tally: Tally;
  /** Rows that looked wrong while the tables were read one after another. */
  suspects: string[];
  remainder: Unsettled[];
  cursor: Position | undefined;
  newestAtRest: Position | undefined;
  archived: readonly ArchivedRows[];
}

/**
 * Joins source, endput and dead letters of every system row by row, and gives each row one class. Memory does not
 * grow with what is at rest.
 *
 * Rows may arrive and move while it runs. The cursor is read before the rows, so that whatever lies before it has been
 * confirmed; what looks wrong is looked up again at the end, the endput before the source, as one moment each.
 */
export async function reconcile(options: ReconcileOptions): Promise<Reconciliation> {
  const works = options.systems.map(workOf);
  const pace = await openPace(options);
  for (const work of works) await firstPass(work, options, pace);
  for (const work of works) await secondLook(work, options, pace);
  const samples = await looked(works, options, pace);
  await settleRemainder(works, samples, options, pace);
  return { systems: works.map(({ tally, readers }) => tally.report(readers.system)) };
}

const workOf = (readers: SystemReaders): Work => ({
  ...{ readers, tally: new Tally(), suspects: [], remainder: [], archived: [] },
  ...{ cursor: undefined, newestAtRest: undefined },
});

/** Asks the broker, and looks at the remainder again, until its counts account for it or are final. */
async function looked(works: readonly Work[], options: ReconcileOptions, pace: Pace): Promise<readonly InBroker[]> {
  const open = () => works.reduce((sum, { remainder }) => sum + remainder.length, 0);
  const held = ({ queued, waiting }: InBroker) => queued + waiting;
  if (open() === 0) return [];
  let samples = [await options.inFlight()];
  for (let look = 1; open() > 0; look += 1) {
    if (samples.some((sample) => held(sample) >= open())) break;
    await pace.step('waiting', null);
    await options.pause(options.signal);
    samples = [...samples, await options.inFlight()];
    for (const work of works) await lookAgain(work, options, pace);
    // Nothing in two samples is a verdict. Fewer than are open, while messages move, may only be a count that lags.
    const most = Math.max(...samples.map(held));
    if (most === 0 || most >= open() || look === MOST_LOOKS) break;
    samples = [await options.inFlight()];
  }
  return samples;
}

interface Pace {
  /** Counts source rows that were read. */
  read(rows: number): void;
  /** Between two pages: tells how far it is, and ends where it was asked to. */
  step(phase: ReconcileProgress['phase'], system: string | null): Promise<void>;
}

async function openPace(options: ReconcileOptions): Promise<Pace> {
  const { systems, signal } = options;
  const estimates =
    options.onProgress === undefined ? [] : await Promise.all(systems.map(({ source }) => source.estimate()));
  const estimate = estimates.reduce((sum, expected) => sum + expected, 0);
  let rows = 0;
  return {
    read: (more) => (rows += more),
    step: async (phase, system) => {
      signal?.throwIfAborted();
      await options.onProgress?.({ phase, system, rows, estimate: Math.max(estimate, rows) });
    },
  };
}

async function firstPass(work: Work, options: ReconcileOptions, pace: Pace): Promise<void> {
  const { readers, suspects } = work;
  const cursor = await readers.cursor();
  work.cursor = cursor;
  work.archived = (await readers.archived?.()) ?? [];
  for await (const piece of joinedRows(readers.source, readers.endput, options.pageSize ?? PAGE_SIZE)) {
    pace.read(piece.filter(({ source }) => source !== undefined).length);
    for (const row of piece) {
      const found = classify(row, cursor, work.archived);
      work.newestAtRest = laterAtRest(work.newestAtRest, row, found);
      if (found === 'remainder' || found === 'orphan') suspects.push(row.id);
      else count(work, row, found, options);
    }
    await pace.step('reading', readers.system);
  }
}

/** Looks the suspects up again: most have come to rest in the meantime, or their source row was not read yet. */
async function secondLook(work: Work, options: ReconcileOptions, pace: Pace): Promise<void> {
  const suspects = work.suspects;
  work.suspects = [];
  const { pageSize = PAGE_SIZE } = options;
  for (let from = 0; from < suspects.length; from += pageSize) {
    for (const row of await lookUp(work.readers, suspects.slice(from, from + pageSize))) {
      // They were confirmed, or are no source rows at all: the cursor has nothing to say any more.
      const found = classify(row, ALL_PUBLISHED, work.archived);
      if (found === 'remainder') work.remainder.push(unsettledOf(work.readers.system, row));
      else count(work, row, found, options);
    }
    await pace.step('checking', work.readers.system);
  }
}

/** Looks the remainder up again after the samples: what left the broker in between has come to rest. */
async function lookAgain(work: Work, options: ReconcileOptions, pace: Pace): Promise<void> {
  work.suspects = work.remainder.map(({ id }) => id);
  work.remainder = [];
  await secondLook(work, options, pace);
}

/** A cursor that no row is beyond. */
const ALL_PUBLISHED: Position = { transactionId: String(2n ** 64n), id: '0' };

/** What is known of these ids now: the endput first, so that a row that moves meanwhile is not taken for an orphan. */
async function lookUp({ source, endput }: SystemReaders, ids: readonly string[]): Promise<JoinedRow[]> {
  const { stored, deadLetters } = await endput.rows(ids);
  return join(await source.rows(ids), stored, deadLetters);
}

function count(work: Work, row: JoinedRow, found: Exclude<TableClass, 'remainder'>, options: ReconcileOptions): void {
  work.tally.add(row, found);
  if (found === 'stored' || found === 'dead' || found === 'discarded' || found === 'archived') return;
  options.onRow?.({
    system: work.readers.system,
    id: row.id,
    class: found,
    round: roundOf(row),
    day: dayOf(row),
    ...(row.source === undefined ? {} : { source: row.source.content }),
    ...(row.stored === undefined ? {} : { stored: row.stored.content }),
  });
}

/** Names each of the remainder in flight or missing. */
async function settleRemainder(
  works: readonly Work[],
  samples: readonly InBroker[],
  options: ReconcileOptions,
  pace: Pace,
): Promise<void> {
  const { memory = NO_MEMORY, lastAttempts = () => Promise.resolve(new Map()), clock = () => Date.now() } = options;
  const { longestWaitMs, maxAttempts, pageSize = PAGE_SIZE } = options;
  const verdicts = await settle(
    works.flatMap(({ remainder }) => remainder),
    {
      ...{ samples, memory, lastAttempts, longestWaitMs, maxAttempts, now: clock() },
      come: new Map(works.map(({ readers, cursor, newestAtRest }) => [readers.system, { cursor, newestAtRest }])),
    },
  );
  let next = 0;
  for (const work of works) {
    const { readers, remainder } = work;
    for (let from = 0; from < remainder.length; from += pageSize) {
      const some = remainder.slice(from, from + pageSize);
      const found = verdicts.slice(next, (next += some.length));
      await name(work, some, found, options);
      await pace.step('checking', readers.system);
    }
  }
}

/** Counts rows that rest nowhere, and names them: a missing one with what the source has of it. */
async function name(
  { readers: { system, source }, tally }: Work,
  rows: readonly Unsettled[],
  verdicts: readonly OpenClass[],
  options: ReconcileOptions,
): Promise<void> {
  const missing = rows.filter((_, index) => verdicts[index] === 'missing').map(({ id }) => id);
  const found = options.onRow === undefined || missing.length === 0 ? [] : await source.rows(missing);
  const contents = new Map(found.map(({ id, content }) => [id, content]));
  for (const [index, { id, round, attempts, day }] of rows.entries()) {
    const verdict = verdicts[index] ?? 'missing';
    tally.addUnsettled(day, verdict, attempts);
    const content = verdict === 'missing' ? contents.get(id) : undefined;
    options.onRow?.({ system, id, class: verdict, round, day, ...(content === undefined ? {} : { source: content }) });
  }
}
