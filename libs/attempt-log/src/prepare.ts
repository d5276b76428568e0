import { randomUUID } from 'node:crypto';
import type { Collection, Db, IndexDescriptionInfo } from 'mongodb';
import { attemptId, type AttemptDocument } from './attempt-document.ts';
import { expiry, FINDING, fits, foreignExpiries, type WantedIndex } from './indexes.ts';
import { answered, AttemptLogUnusable, CODE, explained } from './unusable.ts';

/** Of releases before the search: what it served, the search index serves. */
const FORMER_INDEX = 'status_1_processed_at_1';

/** The collection of attempts and what is wanted of it. */
export interface Preparing {
  readonly db: Db;
  readonly attempts: Collection<AttemptDocument>;
  readonly pipeline: string;
  readonly ttlSeconds: number;
}

/**
 * Makes the collection and its indexes, applies a changed age, and tries a write. What is not as it should be, and lets
 * attempts be logged all the same, is a sentence for a person.
 *
 * @throws AttemptLogUnusable where attempts would be refused or doubled, until a person acts.
 */
export async function prepare(preparing: Preparing): Promise<string[]> {
  const warnings = await makeCollection(preparing);
  await tryWrite(preparing);
  const found = await indexesOf(preparing);
  for (const wanted of FINDING) warnings.push(...(await makeIndex(preparing, wanted, found)));
  await dropFormerIndex(preparing);
  warnings.push(...(await applyExpiry(preparing, found)));
  return warnings;
}

async function makeCollection({ db, attempts }: Preparing): Promise<string[]> {
  const named = db.listCollections({ name: attempts.collectionName }, { nameOnly: false });
  const [there] = (await named.toArray().catch(nothingIfUnauthorized)) ?? [];
  if (there === undefined) {
    await db.createCollection(attempts.collectionName).catch((error: unknown) => {
      // Made by another consumer in this moment; or it may not be made, which the first write will tell.
      if (!answered(error, CODE.namespaceExists, CODE.unauthorized)) throw error;
    });
    return [];
  }
  if (there.type !== 'collection') {
    throw new AttemptLogUnusable(
      `The attempt log can't be written: ${attempts.namespace} is a ${there.type === 'timeseries' ? 'time-series collection, which keeps an attempt twice' : String(there.type)}. Esteira needs a plain collection there: rename or drop this one, or name another database in MONGODB_URL.`,
    );
  }
  if (there.options?.capped !== true) return [];
  return [
    `${attempts.namespace} is a capped collection: it forgets attempts by its size and never by ATTEMPT_LOG_TTL_SECONDS. Rename or drop it, and start the consumer again: it makes a plain one.`,
  ];
}

/**
 * Writes two attempts of a message that is none, and removes them: whether the user may write, and whether a validator
 * or a unique index refuses attempts, is known before the first message.
 */
async function tryWrite(preparing: Preparing): Promise<void> {
  const { attempts, pipeline } = preparing;
  const messageId = randomUUID();
  const trials = [1, 2].map((attempt) => trialOf(pipeline, messageId, attempt));
  try {
    await attempts.insertMany(trials);
  } catch (error) {
    throw explained(error, attempts.namespace);
  } finally {
    // Where they stay (a user who may not remove), they count nowhere and are past their age. By their ids: the index on
    // messages may be missing, and the log large.
    await attempts.deleteMany({ _id: { $in: trials.map(({ _id }) => _id) } }).catch(() => undefined);
  }
}

/** `invalid` counts as no attempt. */
function trialOf(pipeline: string, messageId: string, attempt: number): AttemptDocument {
  const longAgo = new Date(0);
  return {
    _id: attemptId(messageId, 1, attempt),
    pipeline,
    type: 'esteira.trial',
    message_id: messageId,
    round: 1,
    attempt,
    max_attempts: 2,
    status: 'invalid',
    info: 'A trial of the attempt log; there is no such message.',
    error: null,
    reason: null,
    result: null,
    origin: null,
    worker: 'trial',
    started_at: longAgo,
    duration_ms: 0,
    processed_at: longAgo,
  };
}

async function indexesOf({ attempts }: Preparing): Promise<IndexDescriptionInfo[] | undefined> {
  return attempts.indexes().catch(nothingIfUnauthorized);
}

/** @param found - the indexes there are; undefined where the user may not see them. */
async function makeIndex(
  { attempts }: Preparing,
  wanted: WantedIndex,
  found: readonly IndexDescriptionInfo[] | undefined,
): Promise<string[]> {
  const there = found?.find(({ name }) => name === wanted.name);
  if (there !== undefined) return fits(there, wanted) ? [] : [inTheWay(wanted, wanted.name, attempts.namespace)];
  const { key, ...options } = wanted;
  try {
    await attempts.createIndexes([{ key: { ...key }, ...options }]);
    return [];
  } catch (error) {
    const { indexOptionsConflict, indexKeySpecsConflict, cannotCreateIndex, unauthorized } = CODE;
    if (!answered(error, indexOptionsConflict, indexKeySpecsConflict, cannotCreateIndex, unauthorized)) throw error;
    const twin = found?.find((index) => fits(index, wanted));
    if (twin?.name !== undefined) return [inTheWay(wanted, twin.name, attempts.namespace)];
    return [
      `${attempts.namespace} has no index ${wanted.name}: ${consequence(wanted)}. MongoDB: ${error.message}. Where the user of MONGODB_URL lacks the right createIndex, the role readWrite has it.`,
    ];
  }
}

function inTheWay(wanted: WantedIndex, name: string, place: string): string {
  return `The index ${name} of ${place} is not Esteira's and stands in the way of ${wanted.name}: ${consequence(wanted)}. Drop it, db.attempts.dropIndex("${name}"), and start the consumer again: it makes its own.`;
}

const consequence = ({ expireAfterSeconds }: WantedIndex): string =>
  expireAfterSeconds === undefined ? 'the search for attempts is slow, or refused' : 'attempts never expire';

async function dropFormerIndex({ attempts }: Preparing): Promise<void> {
  await attempts.dropIndex(FORMER_INDEX).catch((error: unknown) => {
    // Where it stays it costs a few microseconds a document.
    if (!answered(error, CODE.indexNotFound, CODE.unauthorized)) throw error;
  });
}

/** A changed age is applied in place. What deletes attempts before it is told. */
async function applyExpiry(
  preparing: Preparing,
  found: readonly IndexDescriptionInfo[] | undefined,
): Promise<string[]> {
  const { attempts, pipeline, ttlSeconds } = preparing;
  const own = expiry(pipeline, ttlSeconds);
  const there = found?.find(({ name }) => name === own.name);
  const foreign = foreignExpiries(found ?? [], own).map(
    ({ name = '', expireAfterSeconds }) =>
      `The index ${name} of ${attempts.namespace} is not Esteira's and deletes attempts after ${String(expireAfterSeconds)} s, before ATTEMPT_LOG_TTL_SECONDS=${ttlSeconds}. Drop it: db.attempts.dropIndex("${name}").`,
  );
  if (there === undefined || !fits(there, own)) return [...foreign, ...(await makeIndex(preparing, own, found))];
  if (there.expireAfterSeconds === ttlSeconds) return foreign;
  return [...foreign, ...(await changeAge(preparing, own, there.expireAfterSeconds))];
}

async function changeAge(
  { db, attempts }: Preparing,
  { name, expireAfterSeconds }: Required<WantedIndex>,
  before: number | undefined,
): Promise<string[]> {
  const change = { collMod: attempts.collectionName, index: { name, expireAfterSeconds } };
  try {
    await db.command(change);
    return [];
  } catch (error) {
    if (!answered(error, CODE.unauthorized, CODE.invalidOptions)) throw error;
    const age = before === undefined ? 'attempts never expire' : `attempts are kept for ${before} s as before`;
    return [
      `ATTEMPT_LOG_TTL_SECONDS=${expireAfterSeconds} could not be applied, ${age}. It takes the right collMod on ${attempts.namespace}, which the role dbAdmin has and readWrite has not. Somebody who has it: use ${db.databaseName}; db.runCommand(${JSON.stringify(change)}); or once db.grantRolesToUser("<user>", ["dbAdmin"]), and start the consumer again. MongoDB: ${error.message}.`,
    ];
  }
}

function nothingIfUnauthorized(error: unknown): undefined {
  if (!answered(error, CODE.unauthorized)) throw error;
}
