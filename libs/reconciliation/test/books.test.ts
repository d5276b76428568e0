import { addsUp, problemsOf, type Books } from '@esteira/pipeline';
import type { Postgres } from '@esteira/postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { rowBooks, startReconciliation, type SystemReaders } from '../src/index.ts';
import { openKept, PIPELINE, FIELDS, system, type KeptEndput } from './support/kept.ts';

let endput: Postgres;
let options: KeptEndput['options'];
let place: KeptEndput;

beforeAll(async () => {
  place = await openKept();
  ({ endput, options } = place);
});
beforeEach(() => place.empty());
afterAll(() => place.close());

describe('the books of a pipeline whose rows are reconciled', () => {
  const booksOf = (systems: readonly SystemReaders[]): Books =>
    rowBooks({
      ...{ endput, pipeline: PIPELINE, fields: FIELDS },
      start: async (by) => {
        const started = await startReconciliation(options(systems, { by }));
        if (started.kind === 'claimed') await started.done;
        return started;
      },
    });

  it('are made up by a run, whose report is by origin and does not add up where a row is lost', async () => {
    const books = booksOf([system('system-1', 10), system('system-2', 4)]);
    const { kind, id } = await books.begin('ana');
    expect(kind).toBe('begun');
    const run = await books.run(id);
    expect(run).toMatchObject({ id, state: 'finished', startedBy: 'ana', error: null });
    expect(run?.report?.origins).toMatchObject([
      { origin: 'system-1', accepted: 10, counts: { stored: 6, missing: 3, differs: 1, orphan: 1 } },
      { origin: 'system-2', accepted: 4, counts: { stored: 3, missing: 1, orphan: 1 } },
    ]);
    expect(addsUp(run!.report!)).toBe(false);
    expect(problemsOf(run!.report!).map(({ count }) => count)).toEqual([4, 2, 1]);
    expect((await books.runs({ limit: 9 })).items).toEqual([run]);
    expect(await books.run('none')).toBeUndefined();
  });

  it('name each item that does not add up, page by page, with what is known of it', async () => {
    const books = booksOf([system('system-1', 10), system('system-2', 4)]);
    const { id } = await books.begin('ana');
    const keys: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await books.items(id, { class: 'missing', limit: 2, ...(cursor && { cursor }) });
      keys.push(...page.items.map(({ origin, key, details }) => `${origin}:${key}:${details}`));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(keys).toEqual(['system-1:3:a', 'system-1:6:a', 'system-1:9:a', 'system-2:3:a']);
    const of = async (request: { class: string; origin?: string }) =>
      (await books.items(id, { limit: 9, ...request })).items;
    expect(await of({ class: 'missing', origin: 'system-2' })).toMatchObject([{ key: '3', sentAgainAt: null }]);
    expect(await of({ class: 'differs' })).toMatchObject([
      { origin: 'system-1', key: '5', details: 'content: a in the source, b, "c" in the endput' },
    ]);
    expect(await of({ class: 'stored' })).toEqual([]);
  });

  it('have no report until the run is over', async () => {
    const { promise: hold, resolve } = Promise.withResolvers<undefined>();
    const started = await startReconciliation(options([system('system-1', 4, hold)]));
    if (started.kind !== 'claimed') throw new Error(started.kind);
    const books = booksOf([system('system-1', 4)]);
    expect(await books.begin('bea')).toEqual({ kind: 'already-running', id: started.id });
    expect(await books.run(started.id)).toMatchObject({ state: 'running', endedAt: null, report: null });
    resolve(undefined);
    await started.done;
    expect(await books.run(started.id)).toMatchObject({ state: 'finished', endedAt: expect.any(String) as string });
  });
});
