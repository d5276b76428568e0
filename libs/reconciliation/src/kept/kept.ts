import type { ReconcileProgress } from '../reconcile.ts';
import type { Counts, DayReport } from '../report.ts';
import type { Republished } from '../republish.ts';

/** Where a kept reconciliation is. `interrupted`: its process ended without a word. */
export type KeptState = 'running' | 'finished' | 'failed' | 'interrupted';

/** How long the process of a running one may be silent before it counts as interrupted, in seconds. */
export const SILENCE_S = 30;

/** Which rows a kept reconciliation lists. */
export type ListedKind = 'missing' | 'orphan' | 'differs';

/** Every kind of row that is listed. */
export const LISTED_KINDS: readonly ListedKind[] = ['missing', 'orphan', 'differs'];

/** A reconciliation that is remembered. Times are ISO 8601 text. */
export interface KeptReconciliation {
  readonly id: string;
  readonly state: KeptState;
  /** The name of a person's key, or of the process that had it on its schedule. */
  readonly startedBy: string;
  readonly isScheduled: boolean;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly progress: ReconcileProgress;
  /** Nothing missing, orphaned or different. Null until it has finished. */
  readonly isConsistent: boolean | null;
  /** Every row at rest. Null until it has finished. */
  readonly isAtRest: boolean | null;
  /** Empty until it has finished. */
  readonly systems: readonly (Counts & { readonly system: string })[];
  /** Why it failed. */
  readonly error: string | null;
  /** How many of the missing rows were published again since. */
  readonly republished: number;
  readonly republishing: readonly RepublishEntry[];
}

/** One time that missing rows were published again. */
export interface RepublishEntry extends Republished {
  readonly at: string;
  readonly by: string;
  /** Not asked for by earlier releases. */
  readonly why?: string;
  /** What ended it before all rows were dealt with; absent where nothing did. */
  readonly stopped?: string;
}

/** The counts of a system on a day. */
export interface KeptDay extends DayReport {
  readonly system: string;
}

/** A row that is listed. */
export interface KeptRow {
  readonly system: string;
  /** Decimal text. */
  readonly id: string;
  readonly class: ListedKind;
  readonly round: number;
  readonly day: string;
  /** The contents, where they differ; that of the endput for an orphan, that of the source for a missing row. */
  readonly source: string | null;
  readonly stored: string | null;
  readonly republishedAt: string | null;
}

/** Which rows are listed. */
export interface RowsRequest {
  readonly kind: ListedKind;
  readonly system?: string;
  readonly day?: string;
  /** Only those that were not published again. */
  readonly isOpen?: boolean;
  /** 1 to 1,000. */
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}
