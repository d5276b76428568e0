import type { Sql } from '@esteira/postgres';
import { differencesIn } from '../differences.ts';
import { ROW_CSV_HEAD, rowsToCsv } from '../export.ts';
import { LISTED_KINDS, type KeptReconciliation, type KeptRow } from './kept.ts';
import { reconciliationDays, reconciliationRows } from './read.ts';

const ROWS_AT_ONCE = 1_000;

/** The rows of a kept reconciliation as CSV, piece by piece. `fields`: what a content is made of. */
export async function* exportRowsAsCsv(
  endput: Sql,
  id: string,
  fields: readonly string[],
): AsyncGenerator<string, void, undefined> {
  yield ROW_CSV_HEAD;
  for await (const rows of allRows(endput, id)) yield rowsToCsv(rows, fields);
}

/** All of it as one JSON document, piece by piece: what is known of it, its days, its rows. */
export async function* exportAsJson(
  endput: Sql,
  kept: KeptReconciliation,
  fields: readonly string[],
): AsyncGenerator<string, void, undefined> {
  const days = await reconciliationDays(endput, kept.id);
  const systems = kept.systems.map(({ system, rows, classes, attempts }) => {
    const ofSystem = days.filter((day) => day.system === system);
    return { system, rows, classes, attempts, days: ofSystem.map((day) => ({ ...day, system: undefined })) };
  });
  const { id, state, startedAt, endedAt, isConsistent, isAtRest } = kept;
  const about = { id, state, startedAt, endedAt, consistent: isConsistent, atRest: isAtRest, systems };
  yield `${JSON.stringify(about).slice(0, -1)},"rows":[`;
  let separator = '\n';
  for await (const rows of allRows(endput, kept.id)) {
    yield (
      separator + rows.map((row) => JSON.stringify({ ...row, differences: differencesIn(fields, row) })).join(',\n')
    );
    separator = ',\n';
  }
  yield '\n]}\n';
}

async function* allRows(endput: Sql, id: string): AsyncGenerator<readonly KeptRow[], void, undefined> {
  for (const kind of LISTED_KINDS) {
    let cursor: string | undefined;
    do {
      const page = await reconciliationRows(endput, id, {
        kind,
        limit: ROWS_AT_ONCE,
        ...(cursor === undefined ? {} : { cursor }),
      });
      if (page.items.length > 0) yield page.items;
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
  }
}
