import { addsUp, differenceOf, isAllAtRest } from '@esteira/pipeline';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  classify,
  joinedRows,
  reconcile,
  rowsReport,
  type JoinedRow,
  type Position,
  type ReadPage,
  type SystemReaders,
  type UnrestedRow,
} from '../src/index.ts';
import { cursors, tables } from './arbitraries.ts';

const present = <T>(rows: readonly (T | undefined)[]): T[] => rows.filter((row) => row !== undefined);

function pages<R extends { id: string }>(rows: readonly R[]): ReadPage<R> {
  return (after, limit) =>
    Promise.resolve(rows.filter(({ id }) => after === undefined || BigInt(id) > BigInt(after)).slice(0, limit));
}

/** A system whose tables hold these rows and do not change. */
function readersOf(rows: readonly JoinedRow[], cursor: Position | undefined, system = 'system-1'): SystemReaders {
  const source = present(rows.map((row) => row.source));
  const stored = present(rows.map((row) => row.stored));
  const dead = present(rows.map((row) => row.dead));
  const of = <R extends { id: string }>(all: R[], ids: readonly string[]) => all.filter(({ id }) => ids.includes(id));
  return {
    system,
    source: {
      page: pages(source),
      estimate: () => Promise.resolve(source.length),
      rows: (ids) => Promise.resolve(of(source, ids)),
    },
    endput: {
      stored: pages(stored),
      deadLetters: pages(dead),
      rows: (ids) => Promise.resolve({ stored: of(stored, ids), deadLetters: of(dead, ids) }),
    },
    cursor: () => Promise.resolve(cursor),
  };
}

const broker = (...samples: number[]) => {
  let asked = 0;
  return {
    ...{ longestWaitMs: 10_000, maxAttempts: 5 },
    inFlight: () => Promise.resolve({ queued: samples[Math.min(asked++, samples.length - 1)] ?? 0, waiting: 0 }),
    pause: () => Promise.resolve(),
  };
};

describe('the join of source, endput and dead letters', () => {
  it('gives each id once, ascending, with all that is known of it, whatever the size of a page', async () => {
    await fc.assert(
      fc.asyncProperty(tables, fc.integer({ min: 1, max: 9 }), async (rows, pageSize) => {
        const { source, endput } = readersOf(rows, undefined);
        const joined: JoinedRow[] = [];
        for await (const piece of joinedRows(source, endput, pageSize)) joined.push(...piece);
        expect(joined).toEqual(rows);
      }),
    );
  });

  it('keeps at most three pages, also where one table has nothing', async () => {
    const rows = Array.from({ length: 50 }, (_, i) => ({
      id: String(i),
      stored: { id: String(i), content: 'a', day: null, attempts: 1 },
    }));
    const { source, endput } = readersOf(rows, undefined);
    for await (const piece of joinedRows(source, endput, 10)) expect(piece.length).toBeLessThanOrEqual(30);
  });
});

describe('a reconciliation', () => {
  it('gives every source row exactly one class, and its sums add up', async () => {
    await fc.assert(
      fc.asyncProperty(tables, cursors, fc.nat({ max: 50 }), async (rows, cursor, held) => {
        const { systems } = await reconcile({ systems: [readersOf(rows, cursor)], pageSize: 7, ...broker(held) });
        const [report] = systems;
        if (report === undefined) throw new Error('no report');
        const { orphan, ...classes } = report.classes;
        expect(report.rows).toBe(rows.filter(({ source }) => source !== undefined).length);
        expect(orphan).toBe(rows.length - report.rows);
        expect(Object.values(classes).reduce((a, b) => a + b)).toBe(report.rows);
        expect(classes.archived).toBe(0);
        const books = rowsReport([report]);
        expect(books.origins.map((one) => differenceOf(one, books.classes))).toEqual([
          classes.missing + classes.differs,
        ]);
        expect(classes['in-flight']).toBeLessThanOrEqual(held);
        const attempts = rows.reduce(
          (sum, { stored, dead }) => sum + (stored?.attempts ?? 0) + (dead?.attempts ?? 0),
          0,
        );
        expect(report.attempts).toBe(attempts);
      }),
    );
  });

  it('names each row that is not at rest, and no other', async () => {
    await fc.assert(
      fc.asyncProperty(tables, cursors, async (rows, cursor) => {
        const named: UnrestedRow[] = [];
        const onRow = (row: UnrestedRow) => named.push(row);
        const systems = [readersOf(rows, cursor)];
        const result = await reconcile({ systems, pageSize: 5, onRow, ...broker(0) });
        const atRest = ['stored', 'dead', 'discarded'];
        const expected = rows.filter((row) => !atRest.includes(classify(row, cursor))).map(({ id }) => id);
        expect(named.map(({ id }) => id).toSorted()).toEqual(expected.toSorted());
        const inSource = new Set(rows.filter(({ source }) => source !== undefined).map(({ id }) => id));
        expect(isAllAtRest(rowsReport(result.systems))).toBe(named.every(({ id }) => !inSource.has(id)));
        const bad = named.filter(({ class: found }) => ['missing', 'orphan', 'differs'].includes(found));
        expect(addsUp(rowsReport(result.systems))).toBe(bad.length === 0);
      }),
    );
  });

  const lost = (id: string): JoinedRow => ({ id, source: { id, transactionId: '5', content: 'a', day: '1997-01-31' } });
  const cursor = { transactionId: '5', id: '100' };

  it('calls a row missing only when the broker holds nothing in two samples', async () => {
    const systems = [readersOf([lost('1')], cursor)];
    expect((await reconcile({ systems, ...broker(0, 0) })).systems[0]?.classes).toMatchObject({ missing: 1 });
    expect((await reconcile({ systems, ...broker(0, 1) })).systems[0]?.classes).toMatchObject({ 'in-flight': 1 });
    expect((await reconcile({ systems, ...broker(1) })).systems[0]?.classes).toMatchObject({ 'in-flight': 1 });
  });

  it('counts what the broker holds once over all systems', async () => {
    const systems = ['system-1', 'system-2'].map((system) => readersOf([lost('1'), lost('2')], cursor, system));
    const { systems: reports } = await reconcile({ systems, ...broker(3) });
    expect(reports.reduce((sum, { classes }) => sum + classes.missing, 0)).toBe(1);
    expect(reports.reduce((sum, { classes }) => sum + classes['in-flight'], 0)).toBe(3);
  });

  it('shows a row that comes to rest between its reads as stored', async () => {
    const quiet = readersOf([lost('1')], cursor);
    const rows = () =>
      Promise.resolve({ stored: [{ id: '1', content: 'a', day: null, attempts: 2 }], deadLetters: [] });
    const moving = { ...quiet, endput: { ...quiet.endput, rows } };
    const named: UnrestedRow[] = [];
    const { systems } = await reconcile({ systems: [moving], onRow: (row) => named.push(row), ...broker(0) });
    expect(systems[0]).toMatchObject({ rows: 1, attempts: 2, classes: { stored: 1, missing: 0 } });
    expect(named).toEqual([]);
  });

  it('shows a row that was added and stored after its page was read as stored, not as an orphan', async () => {
    const stored = { id: '1', content: 'a', day: null, attempts: 1 };
    const quiet = readersOf([{ id: '1', stored }], cursor);
    const rows = () => Promise.resolve([{ id: '1', transactionId: '9', content: 'a', day: null }]);
    const moving = { ...quiet, source: { ...quiet.source, rows } };
    const { systems } = await reconcile({ systems: [moving], ...broker(0) });
    expect(systems[0]).toMatchObject({ rows: 1, classes: { stored: 1, orphan: 0 } });
  });

  it('says which contents differ', async () => {
    const row = { ...lost('1'), stored: { id: '1', content: 'b', day: null, attempts: 1 } };
    const named: UnrestedRow[] = [];
    const result = await reconcile({
      systems: [readersOf([row], cursor)],
      onRow: (found) => named.push(found),
      ...broker(0),
    });
    expect(named).toEqual([
      { system: 'system-1', id: '1', class: 'differs', round: 1, day: '1997-01-31', source: 'a', stored: 'b' },
    ]);
    expect(addsUp(rowsReport(result.systems))).toBe(false);
  });
});
