import { MongoBulkWriteError, MongoClient, MongoError, MongoServerError, type Collection, type Db } from 'mongodb';
import { idRanges, type AttemptStatus } from '@esteira/pipeline';
import { attemptId, type AttemptDocument } from './attempt-document.ts';
import type { AttemptLog } from './attempt-log.ts';
import { SEARCH_INDEX, searchAttempts } from './mongodb-search.ts';

const DUPLICATE_KEY = 11_000;
const NAMESPACE_EXISTS = 48;
const INDEX_NOT_FOUND = 27;

/** Of releases before the search: what it served, the search index serves. */
const FORMER_INDEX = 'status_1_processed_at_1';

export interface AttemptLogOptions {
  /** The path names the database. */
  readonly url: string;
  readonly applicationName: string;
  readonly pipeline: string;
  /** How long a document is kept, in seconds. */
  readonly ttlSeconds: number;
  /** How long a call looks for the server, in milliseconds; 5,000 where nothing else is said. */
  readonly patienceMs?: number;
}

/** Whether an error is MongoDB's: it is away, or refused what it was asked. */
export function isLogFault(error: unknown): boolean {
  return error instanceof MongoError;
}

/**
 * The attempt log in MongoDB, collection `attempts`. Written with `{w: 'majority', j: true}`: the default of a
 * standalone server loses acknowledged documents when it is killed. Nothing is connected before the first call.
 */
export function mongodbAttemptLog(options: AttemptLogOptions): AttemptLog {
  const client = new MongoClient(options.url, {
    appName: options.applicationName,
    writeConcern: { w: 'majority', journal: true },
    serverSelectionTimeoutMS: options.patienceMs ?? 5_000,
    socketTimeoutMS: 30_000,
    ignoreUndefined: true,
  });
  const db = client.db();
  const closing = new AbortController();
  const attempts = async () => {
    await connected(client, closing.signal);
    return db.collection<AttemptDocument>('attempts');
  };
  return {
    prepare: async () => prepare(db, await attempts(), options),
    record: async (documents) => record(await attempts(), documents),
    find: async (ids) => findAttempts(await attempts(), ids),
    ofMessages: async (messageIds) => attemptsOf(await attempts(), messageIds),
    search: async (search) => searchAttempts(await attempts(), options.pipeline, search),
    countBySystem: async (pipeline) => countBySystem(await attempts(), pipeline),
    clear: async (pipeline) => {
      await (await attempts()).deleteMany({ pipeline });
    },
    ping: async () => {
      await attempts();
      await db.command({ ping: 1 }, { timeoutMS: 3_000 });
    },
    close: () => {
      closing.abort(new Error('The attempt log was closed.'));
      return client.close();
    },
  };
}

/**
 * A client whose first connection failed is closed for good, unless it is told to connect again. Costs nothing later.
 * But connecting also opens again what was closed on purpose, and nobody would close it: work that a stop did not wait
 * for must not do that.
 */
async function connected(client: MongoClient, closed: AbortSignal): Promise<void> {
  closed.throwIfAborted();
  await client.connect();
  if (closed.aborted) await client.close();
  closed.throwIfAborted();
}

async function prepare(db: Db, attempts: Collection<AttemptDocument>, options: AttemptLogOptions): Promise<void> {
  await db.createCollection('attempts').catch((error: unknown) => {
    if (!(error instanceof MongoServerError && error.code === NAMESPACE_EXISTS)) throw error;
  });
  await attempts.createIndex({ message_id: 1 });
  await attempts.createIndex(SEARCH_INDEX);
  await dropIndex(attempts, FORMER_INDEX);
  await applyTtl(db, attempts, options);
}

async function dropIndex(attempts: Collection<AttemptDocument>, name: string): Promise<void> {
  await attempts.dropIndex(name).catch((error: unknown) => {
    if (!(error instanceof MongoServerError && error.code === INDEX_NOT_FOUND)) throw error;
  });
}

/** Each pipeline has a TTL of its own: a partial index, whose age is changed in place. */
async function applyTtl(
  db: Db,
  attempts: Collection<AttemptDocument>,
  { pipeline, ttlSeconds }: AttemptLogOptions,
): Promise<void> {
  const name = `ttl_${pipeline}`;
  const existing = (await attempts.indexes()).find((index) => index.name === name);
  if (existing === undefined) {
    const age = { expireAfterSeconds: ttlSeconds, partialFilterExpression: { pipeline } };
    await attempts.createIndexes([{ key: { processed_at: 1 }, name, ...age }]);
  } else if (existing['expireAfterSeconds'] !== ttlSeconds) {
    await db.command({ collMod: attempts.collectionName, index: { name, expireAfterSeconds: ttlSeconds } });
  }
}

function attemptsOf(attempts: Collection<AttemptDocument>, messageIds: readonly string[]): Promise<AttemptDocument[]> {
  const of = attempts.find({ message_id: { $in: [...messageIds] } });
  return of.sort({ message_id: 1, round: 1, attempt: 1 }).toArray();
}

/** First attempts of a range of ids are looked for as a range: mostly there is none, and one look says so. */
async function findAttempts(attempts: Collection<AttemptDocument>, ids: readonly string[]): Promise<AttemptDocument[]> {
  const ranges = ids.every((id) => id.endsWith(FIRST))
    ? idRanges(ids.map((id) => id.slice(0, -FIRST.length)))
    : undefined;
  if (ranges === undefined) return attempts.find({ _id: { $in: [...ids] } }).toArray();
  if (ranges.length === 0) return [];
  const between = ranges.map(({ first, last }) => ({ _id: { $gte: first + FIRST, $lte: last + FIRST } }));
  const found = await attempts.find({ $or: between }).toArray();
  if (found.length === 0) return found;
  const asked = new Set(ids);
  return found.filter(({ _id }) => asked.has(_id));
}

/** How the id of the first attempt of a first round ends. */
const FIRST = attemptId('', 1, 1);

/** What an end replaces in the log: a success anything else, a death the failure that a copy came to. */
const GIVES_WAY_TO: Partial<Record<AttemptStatus, AttemptStatus[]>> = {
  succeeded: ['failed', 'dead-lettered', 'invalid'],
  'dead-lettered': ['failed'],
};

async function record(attempts: Collection<AttemptDocument>, documents: readonly AttemptDocument[]): Promise<void> {
  if (documents.length === 0) return;
  try {
    // An attempt has no field that is undefined: the driver need not look for one.
    await attempts.insertMany([...documents], { ordered: false, ignoreUndefined: false });
  } catch (error) {
    // The endput has decided how an attempt ended: what another copy of it came to, and logged, gives way.
    const replacements = thoseThatWereThere(error, documents).flatMap((document) => {
      const status = { $in: GIVES_WAY_TO[document.status] ?? [] };
      if (status.$in.length === 0) return [];
      return { replaceOne: { filter: { _id: document._id, status }, replacement: document } };
    });
    if (replacements.length > 0) await attempts.bulkWrite(replacements, { ordered: false });
  }
}

/** The documents an unordered insert refused as duplicates. @throws the error when it was about anything else. */
function thoseThatWereThere(error: unknown, documents: readonly AttemptDocument[]): AttemptDocument[] {
  if (!(error instanceof MongoBulkWriteError)) throw error;
  const failures = [error.writeErrors].flat();
  if (failures.length === 0 || failures.some(({ code }) => code !== DUPLICATE_KEY)) throw error;
  if (error.result.getWriteConcernError() !== undefined) throw error;
  return failures.flatMap(({ index }) => documents[index] ?? []);
}

async function countBySystem(attempts: Collection<AttemptDocument>, pipeline: string): Promise<Map<string, number>> {
  const groups = attempts.aggregate<{ _id: string | null; count: number }>([
    { $match: { pipeline, status: { $ne: 'invalid' } } },
    { $group: { _id: '$origin.system', count: { $sum: 1 } } },
  ]);
  return new Map((await groups.toArray()).map(({ _id, count }) => [_id ?? 'unknown', count]));
}
