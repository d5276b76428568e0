import { MongoBulkWriteError, MongoClient, MongoError, type Collection } from 'mongodb';
import { idRanges, type AttemptStatus } from '@esteira/pipeline';
import { attemptId, attemptInPresentWords, type AttemptDocument } from './attempt-document.ts';
import type { AttemptLog } from './attempt-log.ts';
import { LONGEST_SEARCH_MS, searchAttempts } from './mongodb-search.ts';
import { ORIGIN } from './origin.ts';
import { prepare } from './prepare.ts';
import { AttemptLogUnusable, explained, isThereAlready } from './unusable.ts';

export interface AttemptLogOptions {
  /** The path names the database. */
  readonly url: string;
  readonly applicationName: string;
  readonly pipeline: string;
  /** How long a document is kept, in seconds. */
  readonly ttlSeconds: number;
  /** How long a call looks for the server, in milliseconds; 5,000 where nothing else is said. */
  readonly patienceMs?: number;
  /** The longest a search may take on the server, in milliseconds; 5,000 where nothing else is said. */
  readonly longestSearchMs?: number;
}

/** Whether an error is MongoDB's: it is away, or refused what it was asked. */
export function isLogFault(error: unknown): boolean {
  return error instanceof MongoError || error instanceof AttemptLogUnusable;
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
  const { pipeline, ttlSeconds, longestSearchMs = LONGEST_SEARCH_MS } = options;
  const closing = new AbortController();
  const attempts = async () => {
    await connected(client, closing.signal);
    return db.collection<AttemptDocument>('attempts');
  };
  return {
    prepare: async () => prepare({ db, attempts: await attempts(), pipeline, ttlSeconds }),
    record: async (documents) => record(await attempts(), documents),
    find: async (ids) => (await findAttempts(await attempts(), ids)).map(attemptInPresentWords),
    ofMessages: async (messageIds) => (await attemptsOf(await attempts(), messageIds)).map(attemptInPresentWords),
    search: async (search) => {
      const page = await searchAttempts(await attempts(), pipeline, search, longestSearchMs);
      return { ...page, items: page.items.map(attemptInPresentWords) };
    },
    countByOrigin: async (counted) => countByOrigin(await attempts(), counted),
    clear: async (cleared) => {
      await (await attempts()).deleteMany({ pipeline: cleared });
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
    const replacements = thoseThatWereThere(error, documents, attempts.namespace).flatMap((document) => {
      const status = { $in: GIVES_WAY_TO[document.status] ?? [] };
      if (status.$in.length === 0) return [];
      return { replaceOne: { filter: { _id: document._id, status }, replacement: document } };
    });
    if (replacements.length === 0) return;
    await attempts.bulkWrite(replacements, { ordered: false }).catch((fault: unknown) => {
      throw explained(fault, attempts.namespace);
    });
  }
}

/** The documents an unordered insert refused as duplicates. @throws the error when it was about anything else. */
function thoseThatWereThere(error: unknown, documents: readonly AttemptDocument[], place: string): AttemptDocument[] {
  const failures = error instanceof MongoBulkWriteError ? [error.writeErrors].flat() : [];
  const others = failures.filter((failure) => !isThereAlready(failure));
  if (!(error instanceof MongoBulkWriteError) || failures.length === 0 || others.length > 0)
    throw explained(error, place);
  if (error.result.getWriteConcernError() !== undefined) throw error;
  return failures.flatMap(({ index }) => documents[index] ?? []);
}

async function countByOrigin(attempts: Collection<AttemptDocument>, pipeline: string): Promise<Map<string, number>> {
  const groups = attempts.aggregate<{ _id: string | null; count: number }>([
    { $match: { pipeline, status: { $ne: 'invalid' } } },
    { $group: { _id: ORIGIN, count: { $sum: 1 } } },
  ]);
  const counts = new Map<string, number>();
  for (const { _id: origin, count } of await groups.toArray())
    counts.set(origin ?? 'unknown', (counts.get(origin ?? 'unknown') ?? 0) + count);
  return counts;
}
