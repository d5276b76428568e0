import { ForeignCursor } from '@esteira/pipeline';
import { freshMongoUrl } from '@esteira/tests/support';
import fc from 'fast-check';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  attemptId,
  mongodbAttemptLog,
  originOf,
  SearchTooWide,
  type AttemptDocument,
  type AttemptLog,
  type AttemptSearch,
} from '../src/index.ts';

const url = freshMongoUrl();
let log: AttemptLog;
let client: MongoClient;
const stored = () => client.db().collection<AttemptDocument>('attempts');

beforeAll(async () => {
  client = new MongoClient(url);
  log = mongodbAttemptLog({ url, applicationName: 'test', pipeline: 'orders', ttlSeconds: 36_000 });
  await log.prepare();
});

beforeEach(() => stored().deleteMany({}));

afterAll(async () => {
  await log.close();
  await client.db().dropDatabase();
  await client.close();
});

const BASE = Date.now();

function attempt(
  messageId: string,
  number: number,
  status: AttemptDocument['status'],
  at: number,
  pipeline = 'orders',
): AttemptDocument {
  return {
    _id: attemptId(messageId, 1, number),
    pipeline,
    type: 't',
    message_id: messageId,
    round: 1,
    attempt: number,
    max_attempts: 5,
    status,
    info: '',
    error: null,
    reason: null,
    result: null,
    origin: null,
    worker: 'w',
    started_at: new Date(BASE + at),
    duration_ms: 1,
    processed_at: new Date(BASE + at),
  };
}

const statuses = fc.constantFrom('succeeded' as const, 'failed' as const, 'dead-lettered' as const, 'invalid' as const);
const messages = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g');

const origins = fc.constantFrom('lisbon', 'porto');
const keys = fc.constantFrom('k-1', 'k-2');
const workers = fc.constantFrom('w', 'v');
/** As pipelines write it; orders keep more than a name. */
const kept = fc.oneof(
  origins,
  origins.map((system) => ({ system, table: 'orders' })),
  fc.constant(null),
);

/** Few moments, so that many attempts share one. */
const documents = fc.uniqueArray(
  fc
    .tuple(messages, fc.integer({ min: 1, max: 4 }), statuses, fc.nat({ max: 5 }), fc.constantFrom('orders', 'other'))
    .map((parts) => attempt(...parts))
    .chain((document) =>
      fc.record({ origin: kept, key: keys, worker: workers }).map((who): AttemptDocument => ({ ...document, ...who })),
    ),
  { selector: ({ _id }) => _id, maxLength: 40 },
);

const searches = fc.record(
  {
    messageIds: fc.array(messages, { minLength: 1, maxLength: 3 }),
    status: statuses,
    attempt: fc.integer({ min: 1, max: 5 }),
    origin: origins,
    key: keys,
    worker: workers,
    from: fc.nat({ max: 6 }).map((at) => new Date(BASE + at)),
    to: fc.nat({ max: 6 }).map((at) => new Date(BASE + at)),
  },
  { requiredKeys: [] },
);

async function allPages(search: Omit<AttemptSearch, 'limit'>, limit: number): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await log.search({ ...search, limit, ...(cursor === undefined ? {} : { cursor }) });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    ids.push(...page.items.map(({ _id }) => _id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return ids;
}

function wanted(search: Omit<AttemptSearch, 'limit'>) {
  const { messageIds, status, attempt: number, origin, key, worker, from, to } = search;
  return (document: AttemptDocument) =>
    document.pipeline === 'orders' &&
    (messageIds === undefined || messageIds.includes(document.message_id)) &&
    (status === undefined || document.status === status) &&
    (number === undefined || document.attempt === number) &&
    (origin === undefined || originOf(document) === origin) &&
    (key === undefined || document.key === key) &&
    (worker === undefined || document.worker === worker) &&
    (from === undefined || document.processed_at >= from) &&
    (to === undefined || document.processed_at < to);
}

describe('a search', () => {
  it('finds what it asks for, each attempt once, the latest first, whatever the size of a page', async () => {
    await fc.assert(
      fc.asyncProperty(documents, searches, fc.integer({ min: 1, max: 7 }), async (some, search, limit) => {
        await stored().deleteMany({});
        if (some.length > 0) await stored().insertMany(some);
        const expected = some
          .filter(wanted(search))
          .sort((a, b) => b.processed_at.getTime() - a.processed_at.getTime() || (a._id < b._id ? 1 : -1))
          .map(({ _id }) => _id);
        expect(await allPages(search, limit)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it('names an index that exists', async () => {
    const names = (await stored().indexes()).map(({ name }) => name);
    const asked: Omit<AttemptSearch, 'limit'>[] = [
      {},
      { status: 'failed' },
      { attempt: 3 },
      { from: new Date() },
      { messageIds: ['a'] },
    ];
    for (const search of asked) expect(names).toContain((await log.search({ ...search, limit: 1 })).index);
  });

  it('reads no more documents than it gives, and one, however many there are', async () => {
    await stored().insertMany(
      Array.from({ length: 3_000 }, (_, i) => attempt(`m-${i}`, 1 + (i % 3), i % 2 === 0 ? 'failed' : 'succeeded', i)),
    );
    await client.db().command({ profile: 2 });
    await log.search({ attempt: 2, limit: 10 });
    await log.search({ status: 'failed', to: new Date(BASE + 2_000), limit: 10 });
    await client.db().command({ profile: 0 });
    const found = await client
      .db()
      .collection('system.profile')
      .find({ op: 'query', 'command.find': 'attempts' })
      .toArray();
    expect(found.length).toBeGreaterThan(0);
    for (const { docsExamined } of found) expect(docsExamined).toBeLessThanOrEqual(11);
  });

  it('takes operators and expressions in a text for what they are: text', async () => {
    await stored().insertMany([attempt('a', 1, 'failed', 0), attempt('.*', 1, 'failed', 0)]);
    const found = async (messageId: string) => (await log.search({ messageIds: [messageId], limit: 9 })).items.length;
    expect(await found('.*')).toBe(1);
    expect(await found('{"$gt":""}')).toBe(0);
    expect(await found('/./')).toBe(0);
  });

  it('refuses a cursor that is not its own', async () => {
    const cursors = [
      'x',
      '',
      Buffer.from('{"$gt":1}').toString('base64url'),
      Buffer.from('["1e99","a"]').toString('base64url'),
    ];
    for (const cursor of cursors) {
      await expect(log.search({ limit: 1, cursor })).rejects.toThrow(ForeignCursor);
    }
  });

  it('for what no index tells is refused with a way out where too many attempts would have to be looked through', async () => {
    await stored().insertMany(Array.from({ length: 20_000 }, (_, i) => attempt(`m-${i}`, 1, 'failed', i)));
    const options = { url, applicationName: 'test', pipeline: 'orders', ttlSeconds: 36_000 };
    const hasty = mongodbAttemptLog({ ...options, longestSearchMs: 1 });
    await expect(hasty.search({ worker: 'nobody', limit: 5 })).rejects.toThrow(SearchTooWide);
    await hasty.close();
    expect((await log.search({ worker: 'nobody', limit: 5 })).items).toEqual([]);
  });

  it('of a log that was never written to finds nothing', async () => {
    const none = freshMongoUrl();
    const empty = mongodbAttemptLog({ url: none, applicationName: 'test', pipeline: 'orders', ttlSeconds: 600 });
    expect(await empty.search({ limit: 5 })).toMatchObject({ items: [], nextCursor: null });
    await empty.close();
  });

  it('takes the place of the index of earlier releases', async () => {
    await stored().createIndex({ status: 1, processed_at: 1 });
    await log.prepare();
    const names = (await stored().indexes()).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['pipeline_1_status_1_attempt_1_processed_at_1__id_1']));
    expect(names).not.toContain('status_1_processed_at_1');
  });
});
