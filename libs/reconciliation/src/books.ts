import type { BookClass, BooksReport } from '@esteira/pipeline';
import type { RowClass } from './classify.ts';
import type { Counts } from './report.ts';

/** What rows count as in the books of a pipeline, in the order in which they are shown. */
const CLASSES: readonly (BookClass & { readonly name: RowClass })[] = [
  { name: 'stored', label: 'stored', kind: 'done' },
  { name: 'dead', label: 'dead letters', kind: 'dead' },
  { name: 'discarded', label: 'discarded', kind: 'discarded' },
  { name: 'in-flight', label: 'in flight', kind: 'in-flight' },
  { name: 'not-yet-published', label: 'to publish', kind: 'to-be-sent' },
  { name: 'archived', label: 'archived', kind: 'aside' },
  {
    ...{ name: 'missing', label: 'missing', kind: 'fault', remedy: 'send-again' },
    what: 'missing: published, but in neither the endput, the dead letters nor the broker',
  },
  {
    ...{ name: 'orphan', label: 'orphan', kind: 'stray', remedy: 'explain' },
    what: 'orphaned: in the endput or a dead letter, but not in the source (archived there? ARCHIVED_BEFORE= says so)',
  },
  {
    ...{ name: 'differs', label: 'different', kind: 'fault', remedy: null },
    what: 'different in the source and the endput',
  },
];

/** The books of rows: what was counted of each system, or of another part of the rows. Pure. */
export function rowsReport(counted: readonly (Counts & { readonly system: string })[]): BooksReport {
  return {
    accepted: 'rows read',
    classes: CLASSES,
    origins: counted.map(({ system, rows, classes }) => ({ origin: system, accepted: rows, counts: { ...classes } })),
  };
}
