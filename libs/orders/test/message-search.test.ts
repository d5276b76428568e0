import { attemptId, mongodbAttemptLog, type AttemptDocument, type AttemptLog } from '@esteira/attempt-log';
import { deadLetterMigrations } from '@esteira/dead-letters';
import { ForeignCursor, writeCursor } from '@esteira/pipeline';
import { migrate, openPostgres, type Postgres } from '@esteira/postgres';
import { freshDatabase, freshMongoUrl, type Fresh } from '@esteira/tests/support';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { endputMigrations } from '../src/endput/index.ts';
import { isKnown, lifeOf, readFacts, searchMessages, UnservedSearch } from '../src/messages/index.ts';
import { ordersTable, sourceMigrations } from '../src/source/index.ts';
import { messageIds } from '../src/domain/index.ts';

const idOf = messageIds('system-1');
const SPOILED = '00000000-0000-8000-8000-00000000000f';
const mongoUrl = freshMongoUrl();
const logOptions = { applicationName: 'test', pipeline: 'orders', ttlSeconds: 600 };
let made: Fresh[];
let source: Postgres;
let endput: Postgres;
let attemptLog: AttemptLog;

beforeAll(async () => {
  made = await Promise.all(['SYSTEM1_DATABASE_URL', 'ENDPUT_DATABASE_URL'].map((one) => freshDatabase(one)));
  const [from, to] = made.map(({ url }) => url) as [string, string];
  await migrate(from, sourceMigrations);
  await migrate(to, endputMigrations);
  await migrate(to, deadLetterMigrations);
  source = openPostgres({ url: from, applicationName: 'test' });
  endput = openPostgres({ url: to, applicationName: 'test' });
  attemptLog = mongodbAttemptLog({ ...logOptions, url: mongoUrl });
  await attemptLog.prepare();
});

beforeEach(async () => {
  await source.query('truncate orders restart identity');
  await endput.query('truncate orders, dead_letters');
  await attemptLog.clear('orders');
});

afterAll(async () => {
  const mongo = new MongoClient(mongoUrl);
  await mongo.db().dropDatabase();
  await Promise.all([mongo.close(), attemptLog.close(), source.close(), endput.close()]);
  await Promise.all(made.map((fresh) => fresh.drop()));
});

const places = () => ({ attemptLog, endput, systems: [{ name: 'system-1', source, table: ordersTable }] });

function attempt(sourceId: string, number: number, changes: Partial<AttemptDocument> = {}): AttemptDocument {
  const messageId = changes.message_id ?? idOf(sourceId);
  const document = {
    ...{ _id: attemptId(messageId, 1, number), pipeline: 'orders', type: 'order.placed', message_id: messageId },
    ...{ round: 1, attempt: number, max_attempts: 5, status: 'failed' as const, info: '', reason: null, result: null },
    ...{ error: { code: 'c', message: 'm' }, origin: { system: 'system-1' }, worker: 'w', duration_ms: 1 },
    ...{ started_at: new Date(), processed_at: new Date(), order: { id: sourceId, product: 'A shirt' } },
  };
  return { ...document, ...changes };
}

const store = (sourceId: string) =>
  endput.query(
    `insert into orders values ($1, 'system-1', $2, 'A shirt', 1, true, '1997-01-01 00:00:00.123456+00', 1, 2, now())`,
    [idOf(sourceId), sourceId],
  );

const bury = (messageId: string, sourceId: string | null, message: string) =>
  endput.query(
    `insert into dead_letters (message_id, pipeline, origin, key, state, round, attempts, reason, error, body,
                               headers, words, first_attempt_at, dead_at)
     values ($1, 'orders', 'system-1', $2, 'dead', 1, '[]', 'invalid', json_build_object('code', 'x', 'message', $3::text),
             '', '{}', to_tsvector('simple', $3), now(), now())`,
    [messageId, sourceId, message],
  );

const found = async (search: Omit<Parameters<typeof searchMessages>[1], 'limit'>) => {
  const { items } = await searchMessages(places(), { ...search, limit: 10 });
  return items.map(({ messageId, status, foundIn }) => [messageId, status, foundIn]);
};

describe('a search for messages', () => {
  it('finds the attempts of a message by its id, in capitals too', async () => {
    await attemptLog.record([attempt('7', 1), attempt('8', 1)]);
    expect(await found({ messageId: ` ${idOf('7').toUpperCase()} ` })).toEqual([[idOf('7'), 'failed', 'attempt-log']]);
    expect(await found({ messageId: 'no id at all' })).toEqual([]);
  });

  it('finds by a source row also what died of it under another id', async () => {
    await attemptLog.record([
      attempt('7', 1),
      attempt('7', 1, { message_id: SPOILED, _id: `${SPOILED}:1:1`, status: 'invalid' }),
    ]);
    await bury(SPOILED, '7', 'spoiled');
    const hits = await found({ system: 'system-1', sourceId: '7' });
    expect(hits.map(([id]) => id).toSorted()).toEqual([SPOILED, idOf('7')].toSorted());
    expect(await found({ system: 'system-1', sourceId: '99999999999999999999' })).toEqual([]);
    await expect(found({ system: 'system-1' })).rejects.toThrow(UnservedSearch);
  });

  it('finds where a message rests once its attempts have expired', async () => {
    await store('7');
    await bury(SPOILED, '7', 'spoiled');
    const hits = await found({ system: 'system-1', sourceId: '7' });
    expect(hits).toEqual([
      [idOf('7'), 'succeeded', 'endput'],
      [SPOILED, 'invalid', 'dead-letters'],
    ]);
  });

  it('finds dead letters by words of their error', async () => {
    await bury(SPOILED, null, 'the colour is unknown');
    expect(await found({ words: 'COLOUR unkn' })).toEqual([[SPOILED, 'invalid', 'dead-letters']]);
    expect(await found({ words: 'colour shirt' })).toEqual([]);
    expect(await found({ words: "' | colour:* & !" })).toEqual([[SPOILED, 'invalid', 'dead-letters']]);
  });

  it('finds the rows of an id in every system, also what the log has forgotten of one of them', async () => {
    const other = { name: 'system-2', source, table: ordersTable };
    const twin = messageIds('system-2')('7');
    await store('7');
    await attemptLog.record([attempt('7', 1, { _id: attemptId(twin, 1, 1), message_id: twin })]);
    const both = { ...places(), systems: [...places().systems, other] };
    const { items } = await searchMessages(both, { sourceId: '7', limit: 10 });
    expect(items.map(({ messageId, foundIn }) => [messageId, foundIn])).toEqual([
      [twin, 'attempt-log'],
      [idOf('7'), 'endput'],
    ]);
  });

  it('finds where a message rests while the log is away, and says so; of what rests nowhere nothing is known then', async () => {
    await store('1');
    const url = 'mongodb://127.0.0.1:1/none';
    const away = mongodbAttemptLog({ ...logOptions, url, patienceMs: 100 });
    const without = { ...places(), attemptLog: away };
    const one = { system: 'system-1', sourceId: '1', limit: 10 };
    expect(await searchMessages(without, one)).toMatchObject({
      items: [{ messageId: idOf('1'), status: 'succeeded' }],
      unsearched: [expect.stringMatching(/^The attempt log: .*ECONNREFUSED/)],
    });
    await expect(searchMessages(without, { ...one, sourceId: '2' })).rejects.toThrow(/ECONNREFUSED/);
    await expect(searchMessages(without, { ...one, attempt: 1 })).rejects.toThrow(/ECONNREFUSED/);
    await away.close();
  });

  it('by words names a source that could not be searched, and searches the others', async () => {
    await bury(SPOILED, null, 'a blue shirt');
    const away = openPostgres({ url: 'postgres://127.0.0.1:1/none', applicationName: 'test' });
    const systems = [{ name: 'gone', source: away, table: ordersTable }, ...places().systems];
    const first = await searchMessages({ ...places(), systems }, { words: 'shirt', limit: 10 });
    expect(first).toMatchObject({ items: [{ messageId: SPOILED }], unsearched: [] });
    const rest = { words: 'shirt', limit: 10, cursor: first.nextCursor ?? '' };
    expect(await searchMessages({ ...places(), systems }, rest)).toMatchObject({
      ...{ items: [], nextCursor: null },
      unsearched: [expect.stringMatching(/^gone: .*ECONNREFUSED/)],
    });
    await away.close();
  });

  it('refuses a cursor of another search', async () => {
    for (const parts of [['system-1', 'x'], ['', 'x'], ['system-1']]) {
      const search = { words: 'shirt', limit: 10, cursor: writeCursor(parts) };
      await expect(searchMessages(places(), search)).rejects.toThrow(ForeignCursor);
    }
  });

  it('finds by words of the product what is stored, under way, or of any system', async () => {
    await source.query(
      `insert into orders (product, price, security_check)
       select case when i % 10 = 0 then 'Cotton/T-Shirt <blue>' else 'Lamp' end, 1, true from generate_series(1, 50) i`,
    );
    await store('10');
    const hits = await found({ words: 'shirt BLU' });
    expect(hits.map(([, status]) => status)).toEqual(['under-way', 'under-way', 'under-way', 'under-way', 'succeeded']);
    expect(await found({ words: 'shirt', status: 'succeeded' })).toEqual([[idOf('10'), 'succeeded', 'endput']]);
    const pages: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await searchMessages(places(), { words: 'lamp', limit: 7, ...(cursor && { cursor }) });
      pages.push(...page.items.map(({ sourceId }) => sourceId ?? ''));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(pages).toEqual(
      Array.from({ length: 50 }, (_, i) => 50 - i)
        .filter((i) => i % 10 !== 0)
        .map(String),
    );
  });

  it('by words finds those with an attempt of this outcome, number or time, also where it was not the last', async () => {
    await source.query(`insert into orders (product, price, security_check) values ('A blue shirt', 1, true)`);
    await source.query(`insert into orders (product, price, security_check) values ('A red shirt', 1, true)`);
    await store('1');
    await bury(idOf('3'), '3', 'a green shirt');
    const old = new Date(Date.now() - 3_600_000);
    await attemptLog.record([
      attempt('1', 1, { processed_at: old }),
      attempt('1', 2, { status: 'succeeded', error: null }),
      attempt('3', 1),
      attempt('3', 2, { status: 'dead-lettered' }),
      attempt('4', 1, { order: { id: '4', product: 'A lamp' } } as object),
    ]);
    const all = async (search: Parameters<typeof found>[0]) => {
      const hits: unknown[] = [];
      let cursor: string | undefined;
      do {
        const page = await searchMessages(places(), { ...search, limit: 10, ...(cursor && { cursor }) });
        hits.push(...page.items.map(({ messageId, status, attempt: number }) => [messageId, status, number]));
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
      return hits;
    };
    const failed = [
      [idOf('3'), 'failed', 1],
      [idOf('1'), 'failed', 1],
    ];
    expect(await all({ words: 'shirt', status: 'failed' })).toEqual(failed);
    expect(await all({ words: 'shirt', attempt: 1 })).toEqual(failed);
    expect(await all({ words: 'shirt', to: new Date(old.getTime() + 1) })).toEqual([failed[1]]);
    expect(await all({ words: 'shirt', status: 'dead-lettered' })).toEqual([[idOf('3'), 'dead-lettered', 2]]);
    await attemptLog.clear('orders');
    expect(await all({ words: 'shirt', status: 'succeeded', attempt: 2 })).toEqual([[idOf('1'), 'succeeded', 2]]);
    const away = { search: () => Promise.reject(new Error('connection refused')) };
    await expect(
      searchMessages({ ...places(), attemptLog: away }, { words: 'shirt', status: 'failed', limit: 10 }),
    ).rejects.toThrow('connection refused');
  });

  it('finds the last attempt of a row also by its outcome, once the log has forgotten it', async () => {
    await store('7');
    const stored = [[idOf('7'), 'succeeded', 'endput']];
    expect(await found({ sourceId: '7', status: 'succeeded' })).toEqual(stored);
    expect(await found({ sourceId: '007', attempt: 2 })).toEqual(stored);
    expect(await found({ sourceId: '7', status: 'failed' })).toEqual([]);
  });

  it.each([
    [{ words: 'shirt', sourceId: '7' }, 'words', /^Words are not searched together with an id/],
    [{ words: 'shirt', messageId: idOf('7') }, 'words', /^Words are not searched together with an id/],
    [{ words: '* & !' }, 'words', /^There is no word in "\* & !"/],
    [{ messageId: idOf('7'), system: 'system-1' }, 'message_id', /^A message id alone says/],
    [{ messageId: idOf('7'), sourceId: '7' }, 'message_id', /^A message id alone says/],
    [{ system: 'system-1' }, 'system', /^A system alone is not searched for/],
    [{ system: 'system-1', status: 'failed' as const }, 'system', /^A system alone is not searched for/],
  ])('of %j says why it is not answered', async (search, parameter, why) => {
    const refusal = await found(search).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(UnservedSearch);
    expect(refusal).toMatchObject({ parameter, message: expect.stringMatching(why) as string });
  });

  it('finds attempts by status, number and time', async () => {
    const old = new Date(Date.now() - 60_000);
    await attemptLog.record([
      attempt('1', 1, { processed_at: old }),
      attempt('2', 2),
      attempt('3', 2, { status: 'succeeded', error: null }),
    ]);
    expect(await found({ status: 'failed' })).toEqual(
      [idOf('2'), idOf('1')].map((id) => [id, 'failed', 'attempt-log']),
    );
    expect((await found({ attempt: 2 })).length).toBe(2);
    expect(await found({ attempt: 2, status: 'succeeded' })).toEqual([[idOf('3'), 'succeeded', 'attempt-log']]);
    expect(await found({ to: new Date(old.getTime() + 1) })).toEqual([[idOf('1'), 'failed', 'attempt-log']]);
  });
});

describe('the facts of a message', () => {
  it('are what each place knows of it', async () => {
    await source.query(`insert into orders (product, price, security_check) values ('A shirt', 1, true)`);
    await store('1');
    await attemptLog.record([attempt('1', 1), attempt('1', 2, { status: 'succeeded', error: null })]);
    const facts = await readFacts(places(), idOf('1'));
    expect(facts).toMatchObject({
      ...{ system: 'system-1', sourceId: '1', deadLetter: { state: 'known', value: null } },
      source: { value: { id: '1', product: 'A shirt', price: '1.00' } },
      stored: { value: { source_id: '1', source_created_at: '1997-01-01T00:00:00.123456+00:00', attempts: 2 } },
    });
    expect(lifeOf(facts)).toMatchObject({ rest: 'stored', attempts: 2, expired: 0 });
    await attemptLog.clear('orders');
    expect(lifeOf(await readFacts(places(), idOf('1')))).toMatchObject({ rest: 'stored', attempts: 2, expired: 2 });
  });

  it('of a message that nobody knows say so', async () => {
    expect(isKnown(await readFacts(places(), idOf('5')))).toBe(false);
    expect(isKnown(await readFacts(places(), SPOILED))).toBe(false);
  });

  it('are told by the other places while one is away', async () => {
    await store('1');
    const away = { ofMessages: () => Promise.reject(new Error('connection refused')) };
    const facts = await readFacts({ ...places(), attemptLog: away }, idOf('1'));
    expect(facts.logged).toEqual({ state: 'unavailable', why: 'connection refused' });
    expect(lifeOf(facts)).toMatchObject({ rest: 'stored', attempts: 2, expired: 0 });
  });
});
