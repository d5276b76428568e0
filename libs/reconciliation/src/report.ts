import type { RowClass } from './classify.ts';
import type { JoinedRow } from './rows.ts';

/** How many rows of a system are in each class; `orphan` rows are no source rows. */
export interface SystemReport {
  readonly system: string;
  /** Rows of the source. Every one is in exactly one class. */
  rows: number;
  readonly classes: Record<RowClass, number>;
  /** Attempts spent: the sum over the endput's rows and the dead letters. */
  attempts: number;
}

export interface Reconciliation {
  readonly systems: readonly SystemReport[];
}

/** A report of nothing yet. */
export function emptyReport(system: string): SystemReport {
  const classes: Record<RowClass, number> = {
    stored: 0,
    discarded: 0,
    dead: 0,
    'not-yet-published': 0,
    'in-flight': 0,
    missing: 0,
    orphan: 0,
    differs: 0,
  };
  return { system, rows: 0, classes, attempts: 0 };
}

/** Counts a row that the tables alone could classify. */
export function addRow(report: SystemReport, row: JoinedRow, found: Exclude<RowClass, 'in-flight' | 'missing'>): void {
  if (row.source !== undefined) report.rows += 1;
  report.classes[found] += 1;
  report.attempts += (row.stored?.attempts ?? 0) + (row.dead?.attempts ?? 0);
}

/** Counts a row that rests nowhere, with the attempts of earlier rounds. */
export function addUnsettled(report: SystemReport, found: 'in-flight' | 'missing', attempts: number): void {
  report.attempts += attempts;
  report.rows += 1;
  report.classes[found] += 1;
}

/** Rows that were read and are neither at rest nor under way nor still to come. Must be 0. */
export function differenceOf({ rows, classes }: SystemReport): number {
  const { stored, dead, discarded } = classes;
  return rows - stored - dead - discarded - classes['in-flight'] - classes['not-yet-published'];
}

/** Whether nothing is missing, orphaned or different. */
export function isConsistent({ systems }: Reconciliation): boolean {
  return systems.every(({ classes }) => classes.missing + classes.orphan + classes.differs === 0);
}

/** Whether every row of every source is at rest. */
export function isAtRest({ systems }: Reconciliation): boolean {
  return systems.every(({ rows, classes }) => rows === classes.stored + classes.dead + classes.discarded);
}
