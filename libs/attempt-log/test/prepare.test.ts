import { freshMongoUrl, startGuardedMongod, type GuardedMongod } from '@esteira/tests/support';
import { MongoClient, type Collection, type Db, type IndexDescription } from 'mongodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { AttemptLogUnusable, mongodbAttemptLog, type AttemptDocument, type AttemptLog } from '../src/index.ts';
import { attempt } from './attempts.ts';

function open(url: string, ttlSeconds = 600): AttemptLog {
  const log = mongodbAttemptLog({ url, applicationName: 'test', pipeline: 'orders', ttlSeconds });
  onTestFinished(() => log.close());
  return log;
}

const ttlOf = async (attempts: Collection<AttemptDocument>) =>
  (await attempts.indexes()).find(({ name }) => name === 'ttl_orders')?.expireAfterSeconds;

/** Logs two attempts of a message and finds them again: the log does its work. */
async function logs(log: AttemptLog, id: string): Promise<void> {
  await log.record([attempt(id, 1)]);
  await log.record([attempt(id, 2, { status: 'succeeded', error: null })]);
  expect((await log.ofMessages([id])).map(({ status }) => status)).toEqual(['failed', 'succeeded']);
}

describe('a user of MongoDB', () => {
  let server: GuardedMongod;
  let db: Db;

  beforeAll(async () => {
    server = await startGuardedMongod();
  });

  beforeEach(() => {
    db = server.freshDatabase();
  });

  afterAll(() => server.stop());

  it('with readWrite alone keeps the old age when the setting changed, logs, and says which right it lacks', async () => {
    const url = await server.user(db, ['readWrite']);
    expect(await open(url).prepare()).toEqual([]);
    const log = open(url, 1_234);
    const [warning, ...more] = await log.prepare();
    expect(more).toEqual([]);
    expect(warning).toContain(
      'ATTEMPT_LOG_TTL_SECONDS=1234 could not be applied, attempts are kept for 600 s as before',
    );
    expect(warning).toMatch(/right collMod on t_\w+\.attempts, which the role dbAdmin has and readWrite has not/);
    expect(warning).toContain('db.grantRolesToUser("<user>", ["dbAdmin"])');
    expect(warning).not.toContain('let me in');
    expect(await ttlOf(db.collection('attempts'))).toBe(600);
    await logs(log, 'kept');
    // The command of the warning does what it says.
    const [command = ''] = /\{"collMod".*?\}\}/.exec(warning ?? '') ?? [];
    await db.command(JSON.parse(command) as object);
    expect(await ttlOf(db.collection('attempts'))).toBe(1_234);
    expect(await log.prepare()).toEqual([]);
  });

  it('with dbAdmin beside it has a changed age applied', async () => {
    const url = await server.user(db, ['readWrite', 'dbAdmin']);
    await open(url).prepare();
    expect(await open(url, 77).prepare()).toEqual([]);
    expect(await ttlOf(db.collection('attempts'))).toBe(77);
  });

  it('who may only read is refused before the first message, with the role that it needs', async () => {
    const log = open(await server.user(db, ['read']));
    await expect(log.prepare()).rejects.toThrow(AttemptLogUnusable);
    await expect(log.prepare()).rejects.toThrow(/may not write to t_\w+\.attempts.*\["readWrite"\]/);
    await open(await server.user(db, ['readWrite'])).prepare();
    await expect(log.prepare()).rejects.toThrow(/\["readWrite"\]/);
  });

  it.each(['read', 'readWrite'] as const)('whose role %s was taken away later is refused by name', async (role) => {
    const url = await server.user(db, ['readWrite']);
    const log = open(url);
    await log.prepare();
    const user = new URL(url).username;
    await db.command({ revokeRolesFromUser: user, roles: ['readWrite'] });
    if (role === 'read') await db.command({ grantRolesToUser: user, roles: ['read'] });
    await expect(log.record([attempt('late', 1)])).rejects.toThrow(/may not write to t_\w+\.attempts/);
  });
});

describe('what stands in the place of the attempts', () => {
  let url: string;
  let client: MongoClient;
  let db: Db;
  let attempts: Collection<AttemptDocument>;

  beforeEach(() => {
    url = freshMongoUrl();
    client = new MongoClient(url);
    db = client.db();
    attempts = db.collection('attempts');
    onTestFinished(async () => {
      await db.dropDatabase();
      await client.close();
    });
  });

  const index = (key: Record<string, 1>, options: Omit<IndexDescription, 'key'> = {}) =>
    attempts.createIndexes([{ key, ...options }]);

  it.each<[what: string, make: () => Promise<unknown>, words: RegExp]>([
    ['a view', () => db.createCollection('attempts', { viewOn: 'others', pipeline: [] }), /attempts is a view\./],
    [
      'a time-series collection',
      () => db.createCollection('attempts', { timeseries: { timeField: 'processed_at' } }),
      /attempts is a time-series collection, which keeps an attempt twice\./,
    ],
    [
      'a collection with a validator that refuses attempts',
      () => db.createCollection('attempts', { validator: { $jsonSchema: { required: ['customer'] } } }),
      /attempts has a validator that refuses attempts.*collMod: "attempts", validator: \{\}/,
    ],
    [
      'a collection with a unique index that refuses a second attempt',
      () => index({ message_id: 1 }, { unique: true, name: 'one each' }),
      /index one each of t_\w+\.attempts is unique.*dropIndex\("one each"\)/,
    ],
  ])('%s is refused before the first message, with what to do', async (_, make, words) => {
    await make();
    const log = open(url);
    await expect(log.prepare()).rejects.toThrow(AttemptLogUnusable);
    await expect(log.prepare()).rejects.toThrow(words);
  });

  it.each<[what: string, make: () => Promise<unknown>, words: RegExp]>([
    [
      'is capped',
      () => db.createCollection('attempts', { capped: true, size: 1_000_000 }),
      /attempts is a capped collection.*never by ATTEMPT_LOG_TTL_SECONDS/,
    ],
    [
      'has a TTL index of somebody else',
      () => index({ processed_at: 1 }, { expireAfterSeconds: 60, name: 'tidy' }),
      /index tidy of .* deletes attempts after 60 s, before ATTEMPT_LOG_TTL_SECONDS=600.*dropIndex\("tidy"\)/,
    ],
    [
      'has a TTL index of somebody else over failures',
      () =>
        index(
          { started_at: 1 },
          { expireAfterSeconds: 599, name: 'failed', partialFilterExpression: { status: 'failed' } },
        ),
      /index failed of .* deletes attempts after 599 s/,
    ],
    [
      'has an index over other keys by the name of one of ours',
      () => index({ worker: 1 }, { name: 'message_id_1' }),
      /index message_id_1 of .* stands in the way.*search for attempts is slow, or refused.*dropIndex\("message_id_1"\)/,
    ],
    [
      'has the index of ours by another name',
      () => index({ message_id: 1 }, { name: 'mine' }),
      /index mine of .* stands in the way of message_id_1.*dropIndex\("mine"\)/,
    ],
    [
      'has a TTL index for all pipelines by the name of ours',
      () => index({ processed_at: 1 }, { name: 'ttl_orders' }),
      /index ttl_orders of .* stands in the way of ttl_orders: attempts never expire.*dropIndex\("ttl_orders"\)/,
    ],
  ])('%s: that is said, and attempts are logged all the same', async (_, make, words) => {
    await make();
    const log = open(url);
    const warnings = await log.prepare();
    expect(
      warnings.filter((warning) => words.test(warning)),
      warnings.join('\n'),
    ).toHaveLength(1);
    await logs(log, 'all the same');
  });

  it('is told once what it is to be mended for, and nothing when it is mended', async () => {
    await index({ worker: 1 }, { name: 'message_id_1' });
    await index({ message_id: 1 }, { name: 'mine' });
    const log = open(url);
    const [warning, ...more] = await log.prepare();
    expect(more).toEqual([]);
    await attempts.dropIndex(/dropIndex\("(.*?)"\)/.exec(warning ?? '')?.[1] ?? '');
    await attempts.dropIndex('mine');
    expect(await log.prepare()).toEqual([]);
  });

  it('may have TTL indexes that take nothing of ours before its time', async () => {
    await index({ processed_at: 1 }, { expireAfterSeconds: 600, name: 'as long' });
    await index(
      { processed_at: 1 },
      { expireAfterSeconds: 1, name: 'other', partialFilterExpression: { pipeline: 'other' } },
    );
    await index({ archived_at: 1 }, { expireAfterSeconds: 1 });
    expect(await open(url).prepare()).toEqual([]);
  });

  it('holds nothing of what was tried', async () => {
    await open(url).prepare();
    expect(await attempts.countDocuments()).toBe(0);
  });

  it('never drops an attempt without a word, whatever is made unique or forbidden later', async () => {
    const log = open(url);
    await log.prepare();
    await log.record([attempt('a', 1)]);
    await index({ message_id: 1, pipeline: 1 }, { unique: true, name: 'later' });
    await expect(log.record([attempt('a', 1), attempt('a', 2)])).rejects.toThrow(
      /index later of t_\w+\.attempts is unique/,
    );
    await attempts.dropIndex('later');
    await db.command({ collMod: 'attempts', validator: { customer: { $exists: true } } });
    await expect(log.record([attempt('a', 2)])).rejects.toThrow(/has a validator that refuses attempts/);
    await db.command({ collMod: 'attempts', validator: {} });
    await log.record([attempt('a', 1), attempt('a', 2)]);
    expect(await log.ofMessages(['a'])).toHaveLength(2);
  });
});
