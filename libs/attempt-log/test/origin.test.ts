import type { JsonValue } from '@esteira/pipeline';
import { freshMongoUrl } from '@esteira/tests/support';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mongodbAttemptLog, originOf, type AttemptLog } from '../src/index.ts';
import { attempt } from './attempts.ts';

const url = freshMongoUrl();
let log: AttemptLog;

/** What a document may have for an origin, and the origin of its identity. */
const ORIGINS: readonly [kept: JsonValue | null, origin: string | null][] = [
  ['depot', 'depot'],
  ['harbour', 'harbour'],
  [{ system: 'depot' }, 'depot'],
  [{ system: 'depot', database: 'd', table: 't' }, 'depot'],
  [{ system: 'unknown' }, 'unknown'],
  [{ database: 'depot' }, null],
  [{ system: 5 }, null],
  [{ system: null }, null],
  [{}, null],
  [null, null],
];

beforeAll(async () => {
  log = mongodbAttemptLog({ url, applicationName: 'test', pipeline: 'orders', ttlSeconds: 36_000 });
  await log.prepare();
  await log.record(ORIGINS.map(([origin], n) => attempt(`m-${n}`, 1, { origin })));
});

afterAll(async () => {
  await log.close();
  const client = new MongoClient(url);
  await client.db().dropDatabase();
  await client.close();
});

it('the origin of an attempt is that of its identity, whether a document has it as a text or in an object', () => {
  for (const [origin, expected] of ORIGINS) expect(originOf({ origin })).toBe(expected);
});

it('attempts are counted by that origin, and those that do not tell theirs as unknown', async () => {
  const counts = await log.countByOrigin('orders');
  expect(Object.fromEntries(counts)).toEqual({ depot: 3, harbour: 1, unknown: 6 });
});

it('attempts are found by that origin', async () => {
  for (const wanted of ['depot', 'harbour', 'unknown', 'd']) {
    const { items } = await log.search({ origin: wanted, limit: 50 });
    const expected = ORIGINS.flatMap(([, origin], n) => (origin === wanted ? [`m-${n}`] : []));
    expect(items.map((one) => one.message_id).sort()).toEqual(expected);
  }
});
