import { setTimeout as sleep } from 'node:timers/promises';
import { addsUp, isAllAtRest, type BooksReport } from '@esteira/pipeline';
import { booksColumns, exitCodeOf, problemLines } from '../books/table.ts';
import { Refused } from '../refused.ts';
import { renderTable } from '../table.ts';
import { print, printProgress } from '../terminal.ts';
import type { ConsolePipeline } from './asked-pipeline.ts';
import { ConsoleRefused } from './console-api.ts';

/** A time at which the console made up the books, as it says it. */
interface RunThere {
  readonly id: string;
  readonly state: 'running' | 'finished' | 'failed' | 'interrupted';
  readonly report: BooksReport | null;
  readonly error: string | null;
}

/** An item that does not add up, as the console says it. */
interface ItemThere {
  readonly origin: string;
  readonly key: string;
  readonly class: string;
  readonly details: string;
}

const LOOK_EVERY_MS = 250;
/** Items that are named; the console lists all. */
const NAMED = 1_000;
const PAGE = 500;

/** `make reconcile PIPELINE=…`: the console makes up its books. Gives the exit code: 1 where they do not add up. */
export async function reconcileThere(pipeline: ConsolePipeline, format: 'table' | 'json'): Promise<number> {
  const { id, report } = await madeUp(pipeline);
  const { items, isCut } = await itemsOf(pipeline, id, report);
  if (format === 'json') {
    print(JSON.stringify({ run: id, adds_up: addsUp(report), report, items, ...(isCut ? { more_items: true } : {}) }));
    return exitCodeOf(report);
  }
  for (const { origin, key, class: name, details } of items)
    print([origin, key, name, details].filter(Boolean).join('  '));
  if (isCut) print(`… and more: the console lists them all, run ${id} of the books of ${pipeline.name}.`);
  print(booksTable(report, pipeline.origin));
  for (const problem of problemLines(report)) print(problem);
  if (addsUp(report))
    print(
      `All that was accepted is accounted for${isAllAtRest(report) ? ', and at rest' : '; not all of it is at rest yet'}.`,
    );
  return exitCodeOf(report);
}

/** One row for each origin. Pure. */
export function booksTable(report: BooksReport, originWord: string): string {
  const columns = booksColumns(report);
  return renderTable(
    [originWord, ...columns.map(({ head }) => head)],
    report.origins.map(({ origin }, i) => [origin, ...columns.map(({ cells }) => cells[i] ?? '')]),
  );
}

/** Begins, or waits for what somebody has begun a moment ago. */
async function madeUp({ api, path, name }: ConsolePipeline): Promise<{ id: string; report: BooksReport }> {
  const { id } = await api.post<{ id: string }>(path('books'), {}).catch((error: unknown) => {
    const isUnderWay = error instanceof ConsoleRefused && error.code === 'books-under-way';
    if (!isUnderWay) throw error;
    printProgress('The books are being made up already: this waits for the result.');
    return error.problem as { id: string };
  });
  for (;;) {
    const { state, report, error } = await api.get<RunThere>(path(`books/${encodeURIComponent(id)}`));
    if (report !== null) return { id, report };
    if (state !== 'running')
      throw new Refused(`The books of ${name} were not made up (${state}): ${error ?? 'its console ended'}.`);
    await sleep(LOOK_EVERY_MS);
  }
}

/** The items that do not add up, as far as they are named. */
async function itemsOf(
  { api, path }: ConsolePipeline,
  id: string,
  { classes, origins }: BooksReport,
): Promise<{ items: readonly ItemThere[]; isCut: boolean }> {
  const items: ItemThere[] = [];
  const wrong = classes.filter(
    ({ name, kind }) => (kind === 'fault' || kind === 'stray') && origins.some(({ counts }) => (counts[name] ?? 0) > 0),
  );
  for (const { name } of wrong) {
    let cursor: string | null = '';
    while (cursor !== null) {
      if (items.length >= NAMED) return { items, isCut: true };
      const query: Record<string, string> = { class: name, limit: String(PAGE), ...(cursor === '' ? {} : { cursor }) };
      const page: { items: ItemThere[]; next_cursor: string | null } = await api.get(
        path(`books/${encodeURIComponent(id)}/items`),
        query,
      );
      items.push(...page.items);
      cursor = page.next_cursor;
    }
  }
  return { items, isCut: false };
}
