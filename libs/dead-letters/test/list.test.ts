import { randomUUID } from 'node:crypto';
import { ForeignCursor } from '@esteira/pipeline';
import type { Postgres } from '@esteira/postgres';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  exportDeadLetters,
  getDeadLetter,
  listDeadLetters,
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterSort,
} from '../src/index.ts';
import { idOf, deadLetterOf, openThings, type ThingsEndput } from './support/things.ts';

let endput: ThingsEndput;
let sql: Postgres;

beforeAll(async () => {
  endput = await openThings();
  sql = endput.sql;
});
afterAll(() => endput.close());

function deadLetter(pipeline: string, row: number, changes: Partial<DeadLetter> = {}): DeadLetter {
  const messageId = idOf(row, changes.origin ?? undefined);
  const attempts = [{ round: 1, attempt: 1, error: null, worker: 'w', started_at: null, duration_ms: null }];
  return deadLetterOf(row, { messageId, pipeline, attempts, body: Buffer.from('{}'), headers: {}, ...changes });
}

const writeAll = (deadLetters: readonly DeadLetter[]) => endput.write(...deadLetters);

async function idsOf(pipeline: string, filter: DeadLetterFilter, sort?: DeadLetterSort, limit = 500) {
  const ids: string[] = [];
  for (let cursor: string | undefined; ;) {
    const request = { filter, limit, ...(sort && { sort }), ...(cursor === undefined ? {} : { cursor }) };
    const { items, nextCursor } = await listDeadLetters(sql, pipeline, request);
    ids.push(...items.map(({ key }) => String(key)));
    if (nextCursor === null) return ids;
    cursor = nextCursor;
  }
}

describe('a list of dead letters', () => {
  it('has each of them once, in its order, whatever the size of a page and however many died at once', async () => {
    const died = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 12 });
    const sorts = fc.record({
      by: fc.constantFrom('dead_at' as const, 'message_id' as const),
      direction: fc.constantFrom('asc' as const, 'desc' as const),
    });
    await fc.assert(
      fc.asyncProperty(died, sorts, fc.integer({ min: 1, max: 5 }), async (all, sort, limit) => {
        const pipeline = randomUUID();
        await sql.query('TRUNCATE dead_letters');
        await writeAll(all.map((second, row) => deadLetter(pipeline, row, { deadAt: new Date(second * 1000) })));
        const ascending = all
          .map((second, row) => ({ second, row }))
          .sort((a, b) => (sort.by === 'dead_at' ? a.second - b.second : 0) || a.row - b.row)
          .map(({ row }) => String(row));
        const expected = sort.direction === 'asc' ? ascending : ascending.reverse();
        expect(await idsOf(pipeline, {}, sort, limit)).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });

  it('has those of which everything in the filter is true', async () => {
    const pipeline = randomUUID();
    await sql.query('TRUNCATE dead_letters');
    await writeAll([
      deadLetter(pipeline, 1, { body: Buffer.from('{"product": "Café de São Paulo", "price": "29.33"}') }),
      deadLetter(pipeline, 2, { origin: 'system-2', deadAt: new Date('2026-02-01T00:00:00Z') }),
      deadLetter(pipeline, 3, { reason: 'invalid', error: { code: 'not-json', message: "Unexpected token '<'" } }),
      deadLetter(randomUUID(), 4),
      deadLetter(pipeline, 5, { body: Buffer.from([0xff, 0xfe, 0, 1, ...Buffer.from('<xml>espresso')]) }),
    ]);
    await sql.query(`UPDATE dead_letters SET state = 'discarded' WHERE key = '5'`);
    const found = (filter: DeadLetterFilter) => idsOf(pipeline, filter, { by: 'message_id', direction: 'asc' });
    expect((await found({})).sort()).toEqual(['1', '2', '3', '5']);
    expect(await found({ state: 'discarded' })).toEqual(['5']);
    expect(await found({ origin: 'system-2' })).toEqual(['2']);
    expect(await found({ reason: 'invalid', errorCode: 'not-json' })).toEqual(['3']);
    expect(await found({ reason: 'invalid', errorCode: 'c' })).toEqual([]);
    expect(await found({ from: '2026-01-15T00:00:00Z' })).toEqual(['2']);
    expect(await found({ to: '2026-01-15T00:00:00Z', state: 'dead' })).toEqual(['1', '3']);
    expect(await found({ words: 'CAFÉ paulo' })).toEqual(['1']);
    expect(await found({ words: '29.33' })).toEqual(['1']);
    expect(await found({ words: 'espr' })).toEqual(['5']);
    expect(await found({ words: "token' | 'café" })).toEqual([]);
    expect(await found({ words: "!(') token :*" })).toEqual(['3']);
  });

  it('has those of one lane, and those of a release that knew one lane alone', async () => {
    const pipeline = randomUUID();
    await sql.query('TRUNCATE dead_letters');
    const lanes = ['primary', 'express', 'primary'];
    await writeAll(lanes.map((lane, row) => deadLetter(pipeline, row, { lane })));
    await sql.query("UPDATE dead_letters SET lane = NULL WHERE key = '2'");
    const found = (lane: string) => idsOf(pipeline, { lane }, { by: 'message_id', direction: 'asc' });
    expect(await found('primary')).toEqual(['0', '2']);
    expect(await found('express')).toEqual(['1', '2']);
    expect(await found('bulk')).toEqual(['2']);
  });

  it('refuses a cursor of another list, and one that is made up', async () => {
    const pipeline = randomUUID();
    await writeAll([deadLetter(pipeline, 100), deadLetter(pipeline, 101)]);
    const { nextCursor } = await listDeadLetters(sql, pipeline, { filter: {}, limit: 1 });
    const ask = (cursor: string) =>
      listDeadLetters(sql, pipeline, {
        filter: {},
        limit: 1,
        cursor,
        sort: { by: 'message_id', direction: 'asc' },
      });
    await expect(ask(nextCursor ?? '')).rejects.toThrow(ForeignCursor);
    for (const madeUp of ['', 'x', Buffer.from('["message_id","asc","now","1"]').toString('base64url')]) {
      await expect(ask(madeUp)).rejects.toThrow(ForeignCursor);
    }
  });
});

describe('one dead letter', () => {
  it('is shown whole: bytes, headers, attempts, and times to the microsecond', async () => {
    const pipeline = randomUUID();
    const body = Buffer.from([0, 255, 1]);
    await writeAll([deadLetter(pipeline, 200, { body, headers: { 'x-round': 1 } })]);
    const messageId = idOf(200);
    expect(await getDeadLetter(sql, pipeline, messageId)).toMatchObject({
      messageId,
      pipeline,
      key: '200',
      incarnation: '2026-01-01T00:00:00.123456+00:00',
      state: 'dead',
      bodyBytes: 3,
      body,
      originalBody: null,
      isEdited: false,
      headers: { 'x-round': 1 },
      attempts: [{ attempt: 1 }],
      history: [],
    });
    expect(await getDeadLetter(sql, randomUUID(), messageId)).toBeUndefined();
  });
});

describe('an export', () => {
  it('has each dead letter of a filter once, in the order of ids, also where bodies are large', async () => {
    const pipeline = randomUUID();
    const large = Buffer.alloc(3 * 2 ** 20, 'x');
    await writeAll(Array.from({ length: 7 }, (_, row) => deadLetter(pipeline, 300 + row, { body: large })));
    await writeAll([deadLetter(pipeline, 307), deadLetter(pipeline, 308, { reason: 'invalid' })]);
    const exported: string[] = [];
    for await (const { key, body } of exportDeadLetters(sql, pipeline, { reason: 'attempts-exhausted' })) {
      exported.push(`${String(key)}:${body.length}`);
    }
    expect(exported).toEqual([...Array.from({ length: 7 }, (_, row) => `${300 + row}:${large.length}`), '307:2']);
  });
});
