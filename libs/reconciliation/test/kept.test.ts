import { addsUp, ForeignCursor, problemsOf, type Books } from '@esteira/pipeline';
import { migrate, openPostgres, type Postgres } from '@esteira/postgres';
import { freshDatabase, type Fresh } from '@esteira/tests/support';
import { patient } from '@esteira/tests/patience';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  beat,
  claim,
  ClaimLost,
  clearReconciliations,
  exportAsJson,
  exportRowsAsCsv,
  finish,
  getReconciliation,
  giveUp,
  keepRows,
  listReconciliations,
  NO_MEMORY,
  NO_PROGRESS,
  reconcileOnSchedule,
  reconciliationDays,
  reconciliationMigrations,
  reconciliationRows,
  RepublishingStopped,
  republishKept,
  rowBooks,
  startReconciliation,
  type KeepOptions,
  type KeptRow,
  type SourceRow,
  type StoredRow,
  type SystemReaders,
  type UnrestedRow,
} from '../src/index.ts';

const PIPELINE = 'orders';
const FIELDS = ['product', 'price'];
let fresh: Fresh;
let endput: Postgres;

beforeAll(async () => {
  fresh = await freshDatabase('ENDPUT_DATABASE_URL');
  await migrate(fresh.url, reconciliationMigrations);
  endput = openPostgres({ url: fresh.url, applicationName: 'test' });
});

/** So long that whoever reconciles has been silent for too long. */
const silence = async () => {
  await endput.query(`UPDATE reconciliations SET beat_at = now() - interval '1 min'`);
  await endput.query(`UPDATE reconciliation_leases SET lease_until = now() - interval '30 s' WHERE holder IS NOT NULL`);
};

beforeEach(() =>
  endput.query('TRUNCATE reconciliations, reconciliation_leases, reconciliation_days, reconciliation_rows'),
);

afterAll(async () => {
  await endput.close();
  await fresh.drop();
});

const DAYS = ['1997-01-01', '1997-01-02'];
const dayOfId = (id: number) => DAYS[id % 2] ?? null;

/** Rows 1..n of a source, of which 3, 6, 9 … are lost and 5 is stored with another content; 100 is an orphan. */
function system(name: string, n: number, hold: Promise<void> = Promise.resolve()): SystemReaders {
  const source = Array.from({ length: n }, (_, i): SourceRow => ({
    id: String(i + 1),
    transactionId: '5',
    content: 'a',
    day: dayOfId(i + 1),
  }));
  const stored = [...source.map(({ id }) => Number(id)).filter((id) => id % 3 !== 0), 100].map((id): StoredRow => ({
    id: String(id),
    content: id === 5 ? 'b, "c"' : 'a',
    day: dayOfId(id),
    attempts: 1,
  }));
  const page =
    <R extends { id: string }>(rows: readonly R[]) =>
    async (after: string | undefined, limit: number) => {
      await hold;
      return rows.filter(({ id }) => after === undefined || Number(id) > Number(after)).slice(0, limit);
    };
  const some = <R extends { id: string }>(rows: readonly R[], ids: readonly string[]) =>
    rows.filter(({ id }) => ids.includes(id));
  return {
    system: name,
    source: {
      page: page(source),
      rows: (ids) => Promise.resolve(some(source, ids)),
      estimate: () => Promise.resolve(n),
    },
    endput: {
      stored: page(stored),
      deadLetters: () => Promise.resolve([]),
      rows: (ids) => Promise.resolve({ stored: some(stored, ids), deadLetters: [] }),
    },
    cursor: () => Promise.resolve({ transactionId: '9', id: '0' }),
  };
}

const options = (systems: readonly SystemReaders[], more: Partial<KeepOptions> = {}): KeepOptions => ({
  endput,
  pipeline: PIPELINE,
  by: 'ana',
  what: {
    ...{ systems, longestWaitMs: 0, maxAttempts: 5 },
    inFlight: () => Promise.resolve({ queued: 0, waiting: 0 }),
    pause: () => Promise.resolve(),
  },
  ...more,
});

/** Runs one to its end. */
async function kept(systems: readonly SystemReaders[]): Promise<string> {
  const started = await startReconciliation(options(systems));
  if (started.kind !== 'claimed') throw new Error(started.kind);
  await started.done;
  return started.id;
}

async function text(pieces: AsyncGenerator<string>): Promise<string> {
  let all = '';
  for await (const piece of pieces) all += piece;
  return all;
}

describe('a kept reconciliation', () => {
  it('says what it found, by system and day', async () => {
    const id = await kept([system('system-1', 10), system('system-2', 4)]);
    const found = await getReconciliation(endput, PIPELINE, id);
    expect(found).toMatchObject({
      state: 'finished',
      startedBy: 'ana',
      isScheduled: false,
      isConsistent: false,
      isAtRest: false,
      progress: { rows: 14 },
      systems: [
        { system: 'system-1', rows: 10, attempts: 8, classes: { stored: 6, missing: 3, differs: 1, orphan: 1 } },
        { system: 'system-2', rows: 4, classes: { stored: 3, missing: 1, orphan: 1 } },
      ],
    });
    const days = await reconciliationDays(endput, id);
    expect(days.map(({ system: name, day, rows, classes }) => [name, day, rows, classes.missing])).toEqual([
      ['system-1', '1997-01-01', 5, 1],
      ['system-1', '1997-01-02', 5, 2],
      ['system-2', '1997-01-01', 2, 0],
      ['system-2', '1997-01-02', 2, 1],
    ]);
  });

  it('lists its rows of each kind, page by page, of a system or a day', async () => {
    const id = await kept([system('system-1', 10), system('system-2', 4)]);
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await reconciliationRows(endput, id, { kind: 'missing', limit: 1, ...(cursor && { cursor }) });
      ids.push(...page.items.map((row) => `${row.system}:${row.id}`));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(ids).toEqual(['system-1:3', 'system-1:6', 'system-1:9', 'system-2:3']);
    const of = async (request: { system?: string; day?: string }) =>
      (await reconciliationRows(endput, id, { kind: 'missing', limit: 10, ...request })).items.map((row) => row.id);
    expect(await of({ system: 'system-2' })).toEqual(['3']);
    expect(await of({ day: '1997-01-02' })).toEqual(['3', '9', '3']);
    expect(await of({ system: 'system-1', day: '1997-01-01' })).toEqual(['6']);
    const { items } = await reconciliationRows(endput, id, { kind: 'differs', limit: 10 });
    expect(items).toEqual([
      expect.objectContaining({ system: 'system-1', id: '5', day: '1997-01-02', source: 'a', stored: 'b, "c"' }),
    ]);
  });

  it('refuses a cursor of another list', async () => {
    const id = await kept([system('system-1', 3)]);
    const cursor = Buffer.from('["system-1", "1; drop table"]').toString('base64url');
    await expect(reconciliationRows(endput, id, { kind: 'missing', limit: 1, cursor })).rejects.toThrow(ForeignCursor);
    await expect(listReconciliations(endput, PIPELINE, { limit: 1, cursor })).rejects.toThrow(ForeignCursor);
  });

  it('is exported whole as CSV and as JSON', async () => {
    const id = await kept([system('system-1', 5)]);
    expect(await text(exportRowsAsCsv(endput, id, FIELDS))).toBe(
      'system,id,class,round,source,stored,day,differences\n' +
        'system-1,3,missing,1,a,,1997-01-02,\n' +
        'system-1,100,orphan,1,,a,1997-01-01,\n' +
        'system-1,5,differs,1,a,"b, ""c""",1997-01-02,"content: a in the source, b, ""c"" in the endput"\n',
    );
    const found = await getReconciliation(endput, PIPELINE, id);
    const document = JSON.parse(await text(exportAsJson(endput, found!, FIELDS))) as Record<string, unknown>;
    expect(document).toMatchObject({
      id,
      consistent: false,
      systems: [{ system: 'system-1', rows: 5, days: [{ day: '1997-01-01' }, { day: '1997-01-02' }] }],
      rows: [
        { id: '3', source: 'a', differences: [] },
        { id: '100' },
        { id: '5', differences: [{ field: 'content', source: 'a', stored: 'b, "c"' }] },
      ],
    });
  });

  it('that found nothing wrong is exported too', async () => {
    const id = await kept([]);
    const found = await getReconciliation(endput, PIPELINE, id);
    expect(found).toMatchObject({ isConsistent: true, isAtRest: true });
    expect(JSON.parse(await text(exportAsJson(endput, found!, FIELDS)))).toMatchObject({ systems: [], rows: [] });
  });

  it('is one of the last twenty: older ones are removed with their rows', async () => {
    const first = await kept([system('system-1', 5)]);
    for (let i = 0; i < 20; i += 1) await kept([]);
    expect(await getReconciliation(endput, PIPELINE, first)).toBeUndefined();
    expect(await endput.query('SELECT FROM reconciliation_rows')).toEqual([]);
    const page = await listReconciliations(endput, PIPELINE, { limit: 15 });
    expect(page.items.length).toBe(15);
    const rest = await listReconciliations(endput, PIPELINE, { limit: 15, cursor: page.nextCursor! });
    expect(rest.items.length).toBe(5);
    expect(rest.nextCursor).toBeNull();
  });
});

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

describe('of reconciliations one runs at a time', () => {
  it('whoever else asks is told which', async () => {
    const { promise: hold, resolve: release } = Promise.withResolvers<undefined>();
    const started = await startReconciliation(options([system('system-1', 3, hold)]));
    if (started.kind !== 'claimed') throw new Error(started.kind);
    expect(await startReconciliation(options([]))).toEqual({ kind: 'already-running', id: started.id });
    expect(await claim(endput, 'other', { by: 'ana' })).toMatchObject({ kind: 'claimed' });
    release(undefined);
    await started.done;
    expect(await kept([])).not.toBe(started.id);
  });

  it('also when many ask at once', async () => {
    const claims = await Promise.all(Array.from({ length: 8 }, () => claim(endput, PIPELINE, { by: 'ana' })));
    expect(claims.filter(({ kind }) => kind === 'claimed').length).toBe(1);
    expect(claims.filter(({ kind }) => kind === 'already-running').length).toBe(7);
  });

  it('one whose process vanished counts as interrupted, and the next may begin', async () => {
    const gone = await claim(endput, PIPELINE, { by: 'gone' });
    if (gone.kind !== 'claimed') throw new Error(gone.kind);
    await silence();
    expect(await getReconciliation(endput, PIPELINE, gone.id)).toMatchObject({ state: 'interrupted' });
    await kept([]);
    expect(await getReconciliation(endput, PIPELINE, gone.id)).toMatchObject({
      state: 'interrupted',
      endedAt: expect.any(String) as string,
    });
  });

  it('and one that was taken for interrupted keeps no result', async () => {
    const { promise: hold, resolve: release } = Promise.withResolvers<undefined>();
    const started = await startReconciliation(options([system('system-1', 3, hold)]));
    if (started.kind !== 'claimed') throw new Error(started.kind);
    await endput.query(`UPDATE reconciliations SET state = 'interrupted'`);
    release(undefined);
    await expect(started.done).rejects.toThrow(/not this process's/);
    expect(await reconciliationDays(endput, started.id)).toEqual([]);
  });
});

describe('a process that stood still while it reconciled, and wakes when another has begun', () => {
  const frozen = async () => {
    const first = await claim(endput, PIPELINE, { by: 'frozen' });
    if (first.kind !== 'claimed') throw new Error(first.kind);
    await silence();
    const next = await claim(endput, PIPELINE, { by: 'next' });
    if (next.kind !== 'claimed') throw new Error(next.kind);
    expect(next.held.token).toBeGreaterThan(first.held.token);
    return { first, next };
  };
  const found: UnrestedRow = {
    ...{ class: 'missing', system: 'system-1', id: '3', round: 1, day: '1997-01-01' },
    ...{ source: 'a', stored: '' },
  };

  it('writes nothing: no rows, no result, no end, no sign of life', async () => {
    const { first, next } = await frozen();
    await expect(beat(endput, first, NO_PROGRESS)).rejects.toThrow(ClaimLost);
    await expect(keepRows(endput, first, [found])).rejects.toThrow(ClaimLost);
    await expect(finish(endput, first, { systems: [] })).rejects.toThrow(ClaimLost);
    await expect(giveUp(endput, first, 'failed', 'late')).rejects.toThrow(ClaimLost);
    expect(await endput.query('SELECT FROM reconciliation_rows')).toEqual([]);
    expect(await getReconciliation(endput, PIPELINE, first.id)).toMatchObject({ state: 'interrupted', error: null });
    await beat(endput, next, NO_PROGRESS);
    expect(await claim(endput, PIPELINE, { by: 'third' })).toEqual({ kind: 'already-running', id: next.id });
  });

  it('remembers nothing that another would take for newer than its own', async () => {
    const remember = vi.fn(() => Promise.resolve());
    const { promise: hold, resolve: release } = Promise.withResolvers<undefined>();
    const { what } = options([system('system-1', 3, hold)]);
    const started = await startReconciliation({
      ...options([]),
      what: { ...what, memory: { ...NO_MEMORY, remember } },
    });
    if (started.kind !== 'claimed') throw new Error(started.kind);
    await endput.query(`UPDATE reconciliation_leases SET fence = fence + 1`);
    release(undefined);
    await expect(started.done).rejects.toThrow(ClaimLost);
    expect(remember).not.toHaveBeenCalled();
  });

  it('loses it too when all reconciliations are cleared meanwhile', async () => {
    const first = await claim(endput, PIPELINE, { by: 'ana' });
    if (first.kind !== 'claimed') throw new Error(first.kind);
    await clearReconciliations(endput, PIPELINE);
    await expect(keepRows(endput, first, [found])).rejects.toThrow(ClaimLost);
    await kept([]);
  });
});

describe('a reconciliation of an earlier release, which took no lease', () => {
  const begun = async (beatAt: string) => {
    const [row] = await endput.query<{ id: string }>(
      `INSERT INTO reconciliations (pipeline, started_by, is_scheduled, progress, beat_at)
       VALUES ($1, 'earlier', false, $2, ${beatAt}) RETURNING id`,
      [PIPELINE, JSON.stringify(NO_PROGRESS)],
    );
    return row!.id;
  };

  it('is cleared before the table of leases is made, too', async () => {
    await begun('now()');
    await endput.query('ALTER TABLE reconciliation_leases RENAME TO made_later');
    try {
      await expect(clearReconciliations(endput, PIPELINE)).rejects.toThrow('reconciliation_leases');
      expect(await endput.query('SELECT FROM reconciliations')).toEqual([]);
    } finally {
      await endput.query('ALTER TABLE made_later RENAME TO reconciliation_leases');
    }
  });

  it('is running as long as it says so, and no other begins beside it', async () => {
    const id = await begun('now()');
    expect(await startReconciliation(options([]))).toEqual({ kind: 'already-running', id });
    await endput.query(`UPDATE reconciliations SET state = 'finished', ended_at = now()`);
    await kept([]);
  });

  it('counts as interrupted when it fell silent', async () => {
    const id = await begun(`now() - interval '1 min'`);
    await kept([]);
    expect(await getReconciliation(endput, PIPELINE, id)).toMatchObject({ state: 'interrupted' });
  });
});

describe('a reconciliation that does not come to its end', () => {
  it('says why it failed', async () => {
    const broken = { ...system('system-1', 3), cursor: () => Promise.reject(new Error('Redis is away')) };
    const started = await startReconciliation(options([broken]));
    if (started.kind !== 'claimed') throw new Error(started.kind);
    await expect(started.done).rejects.toThrow('Redis is away');
    expect(await getReconciliation(endput, PIPELINE, started.id)).toMatchObject({
      state: 'failed',
      error: expect.stringContaining('Redis is away') as string,
      isConsistent: null,
    });
  });

  it('is interrupted when its process stops', async () => {
    const stopping = new AbortController();
    const { promise: hold, resolve: release } = Promise.withResolvers<undefined>();
    const started = await startReconciliation(options([system('system-1', 3, hold)], { signal: stopping.signal }));
    if (started.kind !== 'claimed') throw new Error(started.kind);
    stopping.abort();
    release(undefined);
    await expect(started.done).rejects.toThrow(/abort/i);
    expect(await getReconciliation(endput, PIPELINE, started.id)).toMatchObject({ state: 'interrupted' });
  });
});

describe('the missing rows of a kept reconciliation', () => {
  const none = { confirmed: 0, unroutable: 0, refused: 0, gone: 0 };

  it('are published again once, and it is noted who did it', async () => {
    const id = await kept([system('system-1', 10), system('system-2', 4)]);
    const sent: string[] = [];
    const republish = (rows: readonly KeptRow[]) => {
      sent.push(...rows.map((row) => `${row.system}:${row.id}`));
      return Promise.resolve({ ...none, confirmed: rows.length, confirmedRows: rows });
    };
    expect(await republishKept(endput, id, { by: 'bea', why: 'lost', republish })).toEqual({ ...none, confirmed: 4 });
    expect(await republishKept(endput, id, { by: 'bea', why: 'lost', republish })).toEqual(none);
    expect(sent).toEqual(['system-1:3', 'system-1:6', 'system-1:9', 'system-2:3']);
    expect(await getReconciliation(endput, PIPELINE, id)).toMatchObject({
      republished: 4,
      republishing: [{ by: 'bea', confirmed: 4, at: expect.any(String) as string }, { confirmed: 0 }],
    });
  });

  it('that the broker did not take, or that were gone, are not noted and may be published again', async () => {
    const id = await kept([system('system-1', 10)]);
    const asked: string[][] = [];
    const takeNext = (rows: readonly KeptRow[]) => {
      asked.push(rows.map((row) => row.id));
      // The broker refuses the second, and the third is gone.
      return Promise.resolve({ ...none, confirmed: 1, refused: 1, gone: 1, confirmedRows: rows.slice(0, 1) });
    };
    await republishKept(endput, id, { by: 'bea', why: 'lost', republish: takeNext });
    expect(await getReconciliation(endput, PIPELINE, id)).toMatchObject({ republished: 1 });
    const { items } = await reconciliationRows(endput, id, { kind: 'missing', limit: 9 });
    expect(items.map(({ republishedAt }) => republishedAt !== null)).toEqual([true, false, false]);
    await republishKept(endput, id, { by: 'bea', why: 'lost', republish: takeNext });
    expect(asked).toEqual([
      ['3', '6', '9'],
      ['6', '9'],
    ]);
  });
});

describe('publishing missing rows again that is stopped midway', () => {
  it('is kept with what was done by then and what stopped it, and goes on with the others when it is asked again', async () => {
    const id = await kept([system('system-1', 10), system('system-2', 4)]);
    const none = { unroutable: 0, refused: 0, gone: 0 };
    const cause = new Error('a policy would lose them');
    const halfway = (rows: readonly KeptRow[]) =>
      Promise.reject(new RepublishingStopped({ ...none, confirmed: 3, confirmedRows: rows.slice(0, 3) }, cause));
    const asked = { by: 'bea', why: 'lost' };
    const stopped = await republishKept(endput, id, { ...asked, republish: halfway }).catch((error: unknown) => error);
    expect(stopped).toMatchObject({ cause, done: { confirmed: 3 } });
    expect(await getReconciliation(endput, PIPELINE, id)).toMatchObject({
      republished: 3,
      republishing: [{ ...asked, ...none, confirmed: 3, stopped: cause.message }],
    });
    const left: string[] = [];
    const republish = (rows: readonly KeptRow[]) => {
      left.push(...rows.map((row) => `${row.system}:${row.id}`));
      return Promise.resolve({ ...none, confirmed: rows.length, confirmedRows: rows });
    };
    await republishKept(endput, id, { ...asked, republish });
    expect(left).toEqual(['system-2:3']);
    const found = await getReconciliation(endput, PIPELINE, id);
    expect(found?.republishing[1]).not.toHaveProperty('stopped');
  });

  /** Where the endput refuses a table from the middle on, and until this is over. */
  const withoutTables = async (id: string, ...tables: readonly string[]) => {
    const republish = async (rows: readonly KeptRow[]) => {
      for (const table of tables) await endput.query(`ALTER TABLE ${table} RENAME TO ${table}_away`);
      return { confirmed: rows.length, unroutable: 0, refused: 0, gone: 0, confirmedRows: rows };
    };
    const asked = { by: 'bea', why: 'lost', republish };
    const stopped = await republishKept(endput, id, asked).catch((error: unknown) => error);
    for (const table of tables) await endput.query(`ALTER TABLE ${table}_away RENAME TO ${table}`);
    return stopped;
  };

  it('by the endput itself is kept with what was sent by then', async () => {
    const id = await kept([system('system-1', 10)]);
    const stopped = await withoutTables(id, 'reconciliation_rows');
    expect(stopped).toBeInstanceOf(RepublishingStopped);
    expect(stopped).toMatchObject({ done: { confirmed: 3 } });
    expect(await getReconciliation(endput, PIPELINE, id)).toMatchObject({
      republished: 0,
      republishing: [
        { confirmed: 3, stopped: expect.stringContaining('"reconciliation_rows" does not exist') as string },
      ],
    });
  });

  it('says what stopped it first where not even that can be written down', async () => {
    const id = await kept([system('system-1', 10)]);
    const stopped = await withoutTables(id, 'reconciliation_rows', 'reconciliations');
    expect(stopped).toMatchObject({
      done: { confirmed: 3 },
      message: expect.stringContaining('"reconciliation_rows" does not exist') as string,
    });
  });
});

describe('a schedule', () => {
  it('reconciles once when it is due, however many processes have it', async () => {
    const stopping = new AbortController();
    const onError = vi.fn();
    const schedules = Array.from({ length: 3 }, () =>
      reconcileOnSchedule({ ...options([]), everyMs: 3_600_000, signal: stopping.signal, onError }),
    );
    await vi.waitFor(async () => {
      const { items } = await listReconciliations(endput, PIPELINE, { limit: 9 });
      expect(items.map(({ state, isScheduled }) => [state, isScheduled])).toEqual([['finished', true]]);
    }, patient);
    stopping.abort();
    await Promise.all(schedules);
    expect(onError).not.toHaveBeenCalled();
    expect((await listReconciliations(endput, PIPELINE, { limit: 9 })).items.length).toBe(1);
  });
});
