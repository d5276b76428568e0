import type { BookItem, Books, BooksRun } from '@esteira/pipeline';
import type { Sql } from '@esteira/postgres';
import { rowsReport } from '../books.ts';
import { differencesIn, differencesText } from '../differences.ts';
import type { Started } from './keep.ts';
import { LISTED_KINDS, type KeptReconciliation, type KeptRow } from './kept.ts';
import { getReconciliation, listReconciliations, reconciliationRows } from './read.ts';

/** Books that are made up by reconciling rows. */
export interface RowBooksOptions {
  /** Where reconciliations are kept. */
  readonly endput: Sql;
  readonly pipeline: string;
  /** Names of what a content is made of. */
  readonly fields: readonly string[];
  /** Starts a reconciliation that somebody asked for. */
  readonly start: (by: string) => Promise<Started>;
}

/** The books of a pipeline whose rows are reconciled one by one: each kept reconciliation is a run. */
export function rowBooks({ endput, pipeline, fields, start }: RowBooksOptions): Books {
  return {
    pipeline,
    begin: async (by) => {
      const first = await start(by);
      // Another one was on its way, and has ended since.
      const started = first.kind === 'not-due' ? await start(by) : first;
      if (started.kind === 'not-due') throw new Error('Another reconciliation ended just now: ask again.');
      return { kind: started.kind === 'claimed' ? 'begun' : started.kind, id: started.id };
    },
    runs: async (request) => {
      const { items, nextCursor } = await listReconciliations(endput, pipeline, request);
      return { items: items.map(runOf), nextCursor };
    },
    run: async (id) => {
      const kept = await getReconciliation(endput, pipeline, id);
      return kept && runOf(kept);
    },
    items: async (run, { class: name, origin, limit, cursor }) => {
      const kind = LISTED_KINDS.find((listed) => listed === name);
      if (kind === undefined) return { items: [], nextCursor: null };
      const { items, nextCursor } = await reconciliationRows(endput, run, {
        ...{ kind, limit },
        ...(origin === undefined ? {} : { system: origin }),
        ...(cursor === undefined ? {} : { cursor }),
      });
      return { items: items.map((row) => itemOf(row, fields)), nextCursor };
    },
  };
}

function runOf({ id, state, startedBy, startedAt, endedAt, error, systems }: KeptReconciliation): BooksRun {
  const report = state === 'finished' ? rowsReport(systems) : null;
  return { id, state, startedBy, startedAt, endedAt, report, error };
}

function itemOf(row: KeptRow, fields: readonly string[]): BookItem {
  const { system: origin, id: key, class: name, source, stored, republishedAt: sentAgainAt } = row;
  const details = name === 'differs' ? differencesText(differencesIn(fields, row)) : (source ?? stored ?? '');
  return { origin, key, class: name, details, sentAgainAt };
}
