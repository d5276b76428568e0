import type { Filter } from 'mongodb';
import type { AttemptDocument } from './attempt-document.ts';

/*
 * The origin of an attempt is that of its message's identity: a text. A document has it as such, or in an object of its
 * pipeline's, as `system`: so the documents of earlier releases have it, and those that people know by it. One reading of
 * it stands here in three forms, for a document, a search and a count.
 */

/** The origin of an attempt; null where its message did not tell. Pure. */
export function originOf({ origin }: Pick<AttemptDocument, 'origin'>): string | null {
  if (typeof origin === 'string' || origin === null) return origin;
  const { system } = origin as { readonly system?: unknown };
  return typeof system === 'string' ? system : null;
}

/** Attempts of this origin. Pure. */
export const ofOrigin = (origin: string): Filter<AttemptDocument> => ({
  $or: [{ origin }, { 'origin.system': origin }],
});

const textOr = (field: string, otherwise: unknown) => ({
  $cond: [{ $eq: [{ $type: field }, 'string'] }, field, otherwise],
});

/** The origin of an attempt, as an expression of an aggregation. */
export const ORIGIN = textOr('$origin', textOr('$origin.system', null));
