import { isDeepStrictEqual } from 'node:util';
import type { IndexDescriptionInfo } from 'mongodb';
import { MESSAGE_INDEX, MESSAGE_INDEX_NAME, SEARCH_INDEX, SEARCH_INDEX_NAME } from './mongodb-search.ts';

/** An index of the log. */
export interface WantedIndex {
  readonly name: string;
  readonly key: Readonly<Record<string, 1>>;
  readonly partialFilterExpression?: { readonly pipeline: string };
  readonly expireAfterSeconds?: number;
}

/** What finds attempts. */
export const FINDING: readonly WantedIndex[] = [
  { name: MESSAGE_INDEX_NAME, key: MESSAGE_INDEX },
  { name: SEARCH_INDEX_NAME, key: SEARCH_INDEX },
];

/** What lets them expire: each pipeline has an age of its own. */
export function expiry(pipeline: string, ttlSeconds: number): Required<WantedIndex> {
  const partialFilterExpression = { pipeline };
  return { name: `ttl_${pipeline}`, key: { processed_at: 1 }, partialFilterExpression, expireAfterSeconds: ttlSeconds };
}

/** Dates of an attempt: a TTL index over anything else never deletes one. */
const DATES = ['processed_at', 'started_at'];

/** How an index that has the name of a wanted one fits it, the age left aside. Pure. */
export function fits(found: IndexDescriptionInfo, wanted: WantedIndex): boolean {
  const { key, partialFilterExpression, unique, sparse, hidden, collation } = found;
  if (unique || sparse || hidden || collation !== undefined) return false;
  return (
    isDeepStrictEqual(Object.entries(key), Object.entries(wanted.key)) &&
    isDeepStrictEqual(partialFilterExpression, wanted.partialFilterExpression)
  );
}

/** TTL indexes of somebody else that delete attempts of this pipeline before their time. Pure. */
export function foreignExpiries(
  found: readonly IndexDescriptionInfo[],
  own: Required<WantedIndex>,
): IndexDescriptionInfo[] {
  const { pipeline } = own.partialFilterExpression;
  return found.filter(({ name, key, expireAfterSeconds, partialFilterExpression: filter }) => {
    if (name === own.name || expireAfterSeconds === undefined) return false;
    if (expireAfterSeconds >= own.expireAfterSeconds) return false;
    const [field = '', ...more] = Object.keys(key);
    if (more.length > 0 || !DATES.includes(field)) return false;
    const only: unknown = filter?.['pipeline'];
    return typeof only !== 'string' || only === pipeline;
  });
}
