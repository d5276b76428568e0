import { classify, judge, roundOf, type TableClass } from './classify.ts';
import { join, joinedRows } from './join.ts';
import { addRow, addUnsettled, emptyReport, type Reconciliation, type SystemReport } from './report.ts';
import type { JoinedRow, Position, SystemReaders } from './rows.ts';

/** A row that is not at rest, or is not as it should be. */
export interface UnrestedRow {
  readonly system: string;
  readonly id: string;
  readonly class: 'not-yet-published' | 'in-flight' | 'missing' | 'orphan' | 'differs';
  /** The round it travels in. */
  readonly round: number;
  /** The contents that should be equal, where they differ. */
  readonly source?: string;
  readonly stored?: string;
}

export interface ReconcileOptions {
  readonly systems: readonly SystemReaders[];
  /** Messages the broker holds: lanes with what is unacked, and all that waits for a retry. */
  inFlight(): Promise<number>;
  /** Between two samples of the broker's counts: longer than it takes the broker to count again. */
  pause(): Promise<void>;
  /** Hears of each row that is not at rest, as it is found. */
  onRow?(row: UnrestedRow): void;
  /** Rows read from a table at once. */
  readonly pageSize?: number;
}

const PAGE_SIZE = 20_000;
/** How often a remainder that the broker does not account for is looked at, while the broker still holds messages. */
const MOST_LOOKS = 5;

/** A system while it is being reconciled. */
interface Work {
  readonly readers: SystemReaders;
  readonly report: SystemReport;
  /** Rows that looked wrong while the tables were read one after another. */
  suspects: string[];
  /** Rows that should be in the broker, with their rounds. */
  remainder: { readonly id: string; readonly round: number; readonly attempts: number }[];
}

/**
 * Joins source, endput and dead letters of every system row by row, and gives each row one class. Memory does not
 * grow with what is at rest.
 *
 * Rows may arrive and move while it runs. The cursor is read before the rows, so that whatever lies before it has been
 * confirmed; what looks wrong is looked up again at the end, the endput before the source, as one moment each.
 */
export async function reconcile(options: ReconcileOptions): Promise<Reconciliation> {
  const works: Work[] = [];
  for (const readers of options.systems) works.push(await firstPass(readers, options));
  for (const work of works) await secondLook(work, options);

  const open = () => works.reduce((sum, { remainder }) => sum + remainder.length, 0);
  let inBroker = 0;
  for (let look = 0; look < MOST_LOOKS && open() > 0; look += 1) {
    inBroker = await options.inFlight();
    if (inBroker >= open()) break;
    await options.pause();
    inBroker = Math.max(inBroker, await options.inFlight());
    for (const work of works) await lookAgain(work, options);
    // Nothing in two samples is a verdict. Fewer than are open, while messages move, may only be a count that lags.
    if (inBroker === 0 || inBroker >= open()) break;
  }
  settleRemainder(works, judge(open(), inBroker).inFlight, options);
  return { systems: works.map(({ report }) => report) };
}

async function firstPass(readers: SystemReaders, options: ReconcileOptions): Promise<Work> {
  const work: Work = { readers, report: emptyReport(readers.system), suspects: [], remainder: [] };
  const cursor = await readers.cursor();
  for await (const piece of joinedRows(readers.source, readers.endput, options.pageSize ?? PAGE_SIZE)) {
    for (const row of piece) {
      const found = classify(row, cursor);
      if (found === 'remainder' || found === 'orphan') work.suspects.push(row.id);
      else count(work, row, found, options);
    }
  }
  return work;
}

/** Looks the suspects up again: most have come to rest in the meantime, or their source row was not read yet. */
async function secondLook(work: Work, options: ReconcileOptions): Promise<void> {
  const suspects = work.suspects;
  work.suspects = [];
  await lookUp(work.readers, suspects, options, (row) => {
    // They were confirmed, or are no source rows at all: the cursor has nothing to say any more.
    const found = classify(row, ALL_PUBLISHED);
    if (found === 'remainder')
      work.remainder.push({ id: row.id, round: roundOf(row), attempts: row.dead?.attempts ?? 0 });
    else count(work, row, found, options);
  });
}

/** Looks the remainder up again after the samples: what left the broker in between has come to rest. */
async function lookAgain(work: Work, options: ReconcileOptions): Promise<void> {
  work.suspects = work.remainder.map(({ id }) => id);
  work.remainder = [];
  await secondLook(work, options);
}

/** A cursor that no row is beyond. */
const ALL_PUBLISHED: Position = { transactionId: String(2n ** 64n), id: '0' };

async function lookUp(
  { source, endput }: SystemReaders,
  ids: readonly string[],
  { pageSize = PAGE_SIZE }: ReconcileOptions,
  each: (row: JoinedRow) => void,
): Promise<void> {
  for (let from = 0; from < ids.length; from += pageSize) {
    const some = ids.slice(from, from + pageSize);
    const { stored, deadLetters } = await endput.rows(some);
    for (const row of join(await source.rows(some), stored, deadLetters)) each(row);
  }
}

function count(work: Work, row: JoinedRow, found: Exclude<TableClass, 'remainder'>, options: ReconcileOptions): void {
  addRow(work.report, row, found);
  if (found === 'stored' || found === 'dead' || found === 'discarded') return;
  options.onRow?.({
    system: work.readers.system,
    id: row.id,
    class: found,
    round: roundOf(row),
    ...(row.source === undefined ? {} : { source: row.source.content }),
    ...(row.stored === undefined ? {} : { stored: row.stored.content }),
  });
}

/** Names the first of the remainder missing, as many as the broker does not hold, and the others in flight. */
function settleRemainder(works: readonly Work[], inFlight: number, options: ReconcileOptions): void {
  let missing = works.reduce((sum, { remainder }) => sum + remainder.length, 0) - inFlight;
  for (const { readers, report, remainder } of works) {
    for (const { id, round, attempts } of remainder) {
      const found = missing-- > 0 ? 'missing' : 'in-flight';
      addUnsettled(report, found, attempts);
      options.onRow?.({ system: readers.system, id, class: found, round });
    }
  }
}
