import { ForeignCursor } from '@esteira/pipeline';
import type { Postgres } from '@esteira/postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  exportAsJson,
  exportRowsAsCsv,
  getReconciliation,
  listReconciliations,
  reconciliationDays,
  reconciliationRows,
} from '../src/index.ts';
import { openKept, PIPELINE, FIELDS, system, type KeptEndput } from './support/kept.ts';

let endput: Postgres;
let kept: KeptEndput['kept'];
let place: KeptEndput;

beforeAll(async () => {
  place = await openKept();
  ({ endput, kept } = place);
});
beforeEach(() => place.empty());
afterAll(() => place.close());

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
