import { patient } from '@esteira/tests/patience';
import type { Position } from '@esteira/relay';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { MAX_PAGE_BYTES } from '../src/index.ts';
import { open, ownSource, pageOf, readAll, take, takeOne, type OwnSource } from './support.ts';

let own: OwnSource;
beforeAll(async () => {
  own = await ownSource('ENDPUT_DATABASE_URL');
});
afterAll(() => own.drop());
beforeEach(() => own.postgres.query('truncate notes restart identity'));

/** Waits until nothing on the server, of other tests too, holds the watermark below what is committed. */
const allIsSafe = (count: number) =>
  vi.waitFor(async () => {
    expect((await readAll(own.source, undefined, 1_000)).ids).toHaveLength(count);
  }, patient);

describe('a page', () => {
  it('may end inside one transaction', async () => {
    await take(own.postgres, 25);
    await allIsSafe(25);
    const first = await pageOf(own.source, undefined, 10);
    const second = await pageOf(own.source, first.last, 10);
    expect(second.last?.transactionId).toBe(first.last?.transactionId);
    expect([...first.ids, ...second.ids]).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect((await pageOf(own.source, second.last, 10)).ids).toHaveLength(5);
  });

  it('says which Postgres answered, and a transaction id that lies beyond every row', async () => {
    await take(own.postgres, 1);
    await allIsSafe(1);
    const { source, last } = await own.source.next(undefined, 10, { maxAttempts: 5 });
    const [control] = await own.postgres.query<{ id: string; timeline: string; database: string }>(
      `select system_identifier::text as id, to_hex(timeline_id) as timeline, current_database() as database
         from pg_control_system(), pg_control_checkpoint()`,
    );
    expect(source).toMatchObject({ schema: 'public', table: 'notes', database: control?.database });
    expect([source.systemIdentifier, source.timeline]).toEqual([control?.id, control?.timeline]);
    expect(BigInt(source.nextTransactionId)).toBeGreaterThan(BigInt(last?.transactionId ?? ''));
  });
});

describe('the watermark', () => {
  it('keeps a row that commits late with a lower id', async () => {
    const late = await open(own.postgres);
    const [lower] = await late.query<{ id: number }>(takeOne);
    const [higher] = await own.postgres.query<{ id: number }>(takeOne);
    const before = await readAll(own.source, undefined, 10);
    expect(before.ids).toEqual([]);
    await late.end();
    await allIsSafe(2);
    expect((await readAll(own.source, before.last, 1)).ids).toEqual([lower?.id, higher?.id]);
  });

  it('holds at a prepared transaction, and at one in another database of the cluster', async () => {
    const gid = `g_${Date.now()}`;
    const prepared = await open(own.postgres);
    await prepared.query(takeOne);
    await prepared.end(`prepare transaction '${gid}'`);
    await take(own.postgres, 1);
    expect((await readAll(own.source, undefined, 10)).ids).toEqual([]);
    const foreign = await open(own.elsewhere);
    await foreign.query('select pg_current_xact_id()');
    await own.postgres.query(`commit prepared '${gid}'`);
    await take(own.postgres, 1);
    expect((await readAll(own.source, undefined, 10)).ids.length).toBeLessThanOrEqual(2);
    await foreign.end();
    await allIsSafe(3);
  });
});

it('is bounded by bytes too, and says that there is more', async () => {
  const insertLong = (count: number, character: string) =>
    own.postgres.query(`insert into notes (text) select repeat($2::text, 100000) from generate_series(1, $1::int)`, [
      count,
      character,
    ]);
  await insertLong(100, 'a');
  await take(own.postgres, 3);
  await allIsSafe(103);
  const bytes: number[] = [];
  const ids: number[] = [];
  for (let after: Position | undefined; ;) {
    const page = await own.source.next(after, 10_000, { maxAttempts: 5 });
    ids.push(...page.messages.map(({ body }) => (JSON.parse(String(body)) as { id: number }).id));
    bytes.push(page.messages.reduce((sum, { body }) => sum + body.length, 0));
    if (!page.more) break;
    after = page.last;
  }
  expect(Math.max(...bytes)).toBeLessThan(MAX_PAGE_BYTES + 150_000);
  expect(bytes).toHaveLength(3);
  expect(ids).toEqual(Array.from({ length: 103 }, (_, i) => i + 1));
});
