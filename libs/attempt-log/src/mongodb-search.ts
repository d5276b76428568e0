import { MAX_MAX_ATTEMPTS, pageOf, present, type AttemptStatus } from '@esteira/pipeline';
import { MongoServerError, type Collection, type Filter } from 'mongodb';
import type { AttemptDocument } from './attempt-document.ts';
import {
  cursorAt,
  MOST_ITEMS,
  MOST_MESSAGES,
  positionAt,
  SearchTooWide,
  type AttemptPage,
  type AttemptSearch,
} from './attempt-search.ts';
import { ofOrigin } from './origin.ts';

/**
 * Serves every search but that for messages. An equality for each of the first three, then the order of the answer, to
 * the last tie: `_id` costs an insert nothing that can be measured (docs/decisions.md), and pages neither repeat nor
 * leave out what was processed in the same millisecond.
 */
export const SEARCH_INDEX = { pipeline: 1, status: 1, attempt: 1, processed_at: 1, _id: 1 } as const;
export const SEARCH_INDEX_NAME = 'pipeline_1_status_1_attempt_1_processed_at_1__id_1';
/** Serves the search for messages. */
export const MESSAGE_INDEX = { message_id: 1 } as const;
export const MESSAGE_INDEX_NAME = 'message_id_1';

const LATEST_FIRST = { processed_at: -1, _id: -1 } as const;
const STATUSES: readonly AttemptStatus[] = ['succeeded', 'failed', 'dead-lettered', 'invalid'];
const ATTEMPTS = Array.from({ length: MAX_MAX_ATTEMPTS }, (_, index) => index + 1);

const BAD_VALUE = 2;
const MAX_TIME_EXPIRED = 50;

/** The longest a search may take on the server, in milliseconds. */
export const LONGEST_SEARCH_MS = 5_000;

/**
 * One page of the attempts of a pipeline. Everything of the search is a value compared with a field, never an operator
 * or an expression. Without a status or an attempt the index is read at each of them and the heads are merged: at most
 * 100 places for each status, a few milliseconds.
 */
export async function searchAttempts(
  attempts: Collection<AttemptDocument>,
  pipeline: string,
  search: AttemptSearch,
  longestMs: number,
): Promise<AttemptPage> {
  const { messageIds } = search;
  const limit = Math.min(Math.max(1, search.limit), MOST_ITEMS);
  const read = (filter: Filter<AttemptDocument>, index: string) =>
    attempts
      .find({ pipeline, ...filter, $and: [...between(search), ...besideTheIndex(search)] })
      .hint(index)
      .sort(LATEST_FIRST)
      .limit(limit + 1)
      .maxTimeMS(longestMs)
      .toArray()
      .catch((error: unknown) => notAnswered(error, longestMs));
  const found =
    messageIds === undefined
      ? await latest(read, search)
      : await read({ message_id: { $in: messageIds.slice(0, MOST_MESSAGES) }, ...exactly(search) }, MESSAGE_INDEX_NAME);
  return {
    ...pageOf(found, limit, ({ processed_at: processedAt, _id: id }) => cursorAt({ processedAt, id })),
    index: messageIds === undefined ? SEARCH_INDEX_NAME : MESSAGE_INDEX_NAME,
  };
}

type Read = (filter: Filter<AttemptDocument>, index: string) => Promise<AttemptDocument[]>;

/** The latest attempts of each status that is wanted, merged. */
async function latest(read: Read, { status, attempt }: AttemptSearch): Promise<AttemptDocument[]> {
  const statuses = status === undefined ? STATUSES : [status];
  const lists = await Promise.all(
    statuses.map((one) => read({ status: one, attempt: attempt ?? { $in: ATTEMPTS } }, SEARCH_INDEX_NAME)),
  );
  return lists.flat().sort(byLatest);
}

/** A collection whose indexes are of an earlier release refuses the hint; one that is not there is empty. */
function notAnswered(error: unknown, longestMs: number): never {
  const code = error instanceof MongoServerError ? error.code : undefined;
  if (code === MAX_TIME_EXPIRED) throw new SearchTooWide(longestMs / 1_000, error);
  if (code === BAD_VALUE && /hint/i.test((error as MongoServerError).message))
    throw new Error(
      'The attempt log has no index for searches yet: a consumer of this release makes it at its start.',
      {
        cause: error,
      },
    );
  throw error;
}

/** As the server orders them: times, then ids by their bytes, which are ASCII. */
function byLatest(one: AttemptDocument, other: AttemptDocument): number {
  const later = other.processed_at.getTime() - one.processed_at.getTime();
  if (later !== 0) return later;
  return one._id === other._id ? 0 : one._id < other._id ? 1 : -1;
}

function exactly({ status, attempt }: AttemptSearch): Filter<AttemptDocument> {
  return present({ status, attempt });
}

/** Times from `from` (included) to `to` (excluded), and after the cursor. */
function between({ from, to, cursor }: AttemptSearch): Filter<AttemptDocument>[] {
  const after = cursor === undefined ? undefined : positionAt(cursor);
  return [
    ...(from === undefined ? [] : [{ processed_at: { $gte: from } }]),
    ...(to === undefined ? [] : [{ processed_at: { $lt: to } }]),
    ...(after === undefined ? [] : [{ processed_at: { $lte: after.processedAt } }]),
    // Of the same millisecond only what comes after.
    ...(after === undefined
      ? []
      : [{ $or: [{ processed_at: { $lt: after.processedAt } }, { _id: { $lt: after.id } }] }]),
  ];
}

/** What is looked at in each attempt that the index finds. True of all of them where nothing like it is asked for. */
function besideTheIndex({ origin, key, worker }: AttemptSearch): Filter<AttemptDocument>[] {
  return [present({ key, worker }), ...(origin === undefined ? [] : [ofOrigin(origin)])];
}
