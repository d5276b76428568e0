import type { Postgres } from '@esteira/postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  getReconciliation,
  reconciliationRows,
  RepublishingStopped,
  republishKept,
  type KeptRow,
} from '../src/index.ts';
import { openKept, PIPELINE, system, type KeptEndput } from './support/kept.ts';

let endput: Postgres;
let kept: KeptEndput['kept'];
let place: KeptEndput;

beforeAll(async () => {
  place = await openKept();
  ({ endput, kept } = place);
});
beforeEach(() => place.empty());
afterAll(() => place.close());

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
