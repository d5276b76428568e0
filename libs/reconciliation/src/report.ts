import type { RowClass } from './classify.ts';
import type { Day, JoinedRow } from './rows.ts';

/** Rows counted by class. */
export interface Counts {
  /** Rows of the source. Every one is in exactly one class. */
  rows: number;
  /** `orphan` and `archived` rows are no source rows. */
  readonly classes: Record<RowClass, number>;
  /** Attempts spent: the sum over the endput's rows and the dead letters. */
  attempts: number;
}

/** The counts of the rows that were made on one day, UTC. */
export interface DayReport extends Counts {
  /** As Postgres writes a date; `unknown` for orphans that do not tell, and rows without a time. */
  readonly day: string;
}

/** The counts of one system. */
export interface SystemReport extends Counts {
  readonly system: string;
  /** The same by day, ascending. */
  readonly days: readonly DayReport[];
}

export interface Reconciliation {
  readonly systems: readonly SystemReport[];
}

/** What stands for a day that is not known. */
export const UNKNOWN_DAY = 'unknown';

/** Every class, in the order in which they are shown. */
export const ROW_CLASSES: readonly RowClass[] = [
  'stored',
  'discarded',
  'dead',
  'not-yet-published',
  'in-flight',
  'missing',
  'archived',
  'orphan',
  'differs',
];

/** Classes as they were kept; a result of an earlier release does not know of all of them. */
export const withAllClasses = (kept: Partial<Record<RowClass, number>>): Record<RowClass, number> => ({
  ...noCounts().classes,
  ...kept,
});

function noCounts(): Counts {
  const classes = Object.fromEntries(ROW_CLASSES.map((name) => [name, 0])) as Record<RowClass, number>;
  return { rows: 0, classes, attempts: 0 };
}

/** A report of nothing yet. */
export function emptyReport(system: string): SystemReport {
  return { system, ...noCounts(), days: [] };
}

/** Counts the rows of one system by day. */
export class Tally {
  readonly #days = new Map<string, Counts>();

  /** A row that the tables alone could classify. */
  add(row: JoinedRow, found: Exclude<RowClass, 'in-flight' | 'missing'>): void {
    const counts = this.#of(dayOf(row));
    if (row.source !== undefined) counts.rows += 1;
    counts.classes[found] += 1;
    counts.attempts += (row.stored?.attempts ?? 0) + (row.dead?.attempts ?? 0);
  }

  /** A row that rests nowhere, with the attempts of earlier rounds. */
  addUnsettled(day: string, found: 'in-flight' | 'missing', attempts: number): void {
    const counts = this.#of(day);
    counts.rows += 1;
    counts.classes[found] += 1;
    counts.attempts += attempts;
  }

  report(system: string): SystemReport {
    const days = [...this.#days].map(([day, counts]): DayReport => ({ day, ...counts }));
    return systemReport(system, days);
  }

  #of(day: string): Counts {
    let counts = this.#days.get(day);
    if (counts === undefined) this.#days.set(day, (counts = noCounts()));
    return counts;
  }
}

/** The report of a system whose days are given; their sum is its own. */
export function systemReport(system: string, days: readonly DayReport[]): SystemReport {
  const sums = noCounts();
  for (const { rows, classes, attempts } of days) {
    sums.rows += rows;
    sums.attempts += attempts;
    for (const name of ROW_CLASSES) sums.classes[name] += classes[name];
  }
  return { system, ...sums, days: days.toSorted(byDay) };
}

const byDay = (one: DayReport, other: DayReport): number => (one.day === other.day ? 0 : one.day < other.day ? -1 : 1);

/** The day a row belongs to: that of the source, where it has one. */
export function dayOf({ source, stored, dead }: JoinedRow): string {
  const day: Day | undefined = source === undefined ? (stored?.day ?? dead?.day) : source.day;
  return day ?? UNKNOWN_DAY;
}
