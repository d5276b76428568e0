import { patient } from '@esteira/tests/patience';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { mendRestored, rowsBehind } from '../src/index.ts';
import { notes, ownSource, readAll, stampedNotes, takeOne, type OwnSource } from './support.ts';

let own: OwnSource;
beforeAll(async () => {
  own = await ownSource('ENDPUT_DATABASE_URL');
});
afterAll(() => own.drop());

/** As pg_restore does it: the rows come while no trigger fires, with the stamps of the cluster they were dumped in. */
async function restore(rows: number, firstStamp: string): Promise<void> {
  await own.postgres.transaction(async (sql) => {
    await sql.query('alter table notes disable trigger all');
    await sql.query(
      `insert into notes (text, transaction_id)
       select 'p', ($2::bigint + i)::text::xid8 from generate_series(1, $1::int) as i`,
      [rows, firstStamp],
    );
    await sql.query('alter table notes enable trigger all');
  });
}

/** Reads everything that is safe to read, until that is `count` rows: other tests may hold the watermark for a while. */
const readable = (count: number) =>
  vi.waitFor(async () => {
    const { ids, last } = await readAll(own.source, undefined, 1_000);
    expect(ids).toHaveLength(count);
    return { ids, last };
  }, patient);

describe('a table restored from a dump of another cluster', () => {
  it('is not read as it is, and read whole once it is mended', async () => {
    await own.postgres.query(takeOne);
    await restore(12_000, '99999999999');
    const { last } = await readable(1);
    expect((await rowsBehind(own.postgres, notes, last)).rows).toBe(12_000);
    expect(await mendRestored(own.postgres, 'system-1', stampedNotes)).toBe(12_000);
    const { ids, last: end } = await readable(12_001);
    expect(new Set(ids).size).toBe(12_001);
    expect((await rowsBehind(own.postgres, notes, end)).rows).toBe(0);
    expect(await mendRestored(own.postgres, 'system-1', stampedNotes)).toBe(0);
  });

  it('has a trigger that fires always again, and stamps that this cluster gave stay', async () => {
    await mendRestored(own.postgres, 'system-1', stampedNotes);
    const enabled = await own.postgres.query(`select tgenabled as how from pg_trigger where tgname = 'notes_stamp'`);
    expect(enabled).toEqual([{ how: 'A' }]);
    const stamps = () => own.postgres.query('select id, transaction_id::text as stamp from notes order by id limit 5');
    const before = await stamps();
    await own.postgres.query(`update notes set transaction_id = '7', text = 'q'`);
    expect(await stamps()).toEqual(before);
  });

  it('is refused when its trigger was left out', async () => {
    await own.postgres.query('drop trigger notes_stamp on notes');
    await expect(mendRestored(own.postgres, 'system-1', stampedNotes)).rejects.toThrow(
      /^system-1: notes can't be read as it is:\n.*trigger notes_stamp is missing.*\nRestore/,
    );
  });
});
