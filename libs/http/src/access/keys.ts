import { createHash, timingSafeEqual } from 'node:crypto';

/** What a caller may do: a viewer reads, an operator acts too. */
export type Role = 'viewer' | 'operator';

/** A key that opens an app. */
export interface Key {
  readonly name: string;
  readonly key: string;
  readonly role: Role;
}

/** Who asks. */
export interface Caller {
  /** The name of a key; `local` where there are no keys. */
  readonly name: string;
  readonly role: Role;
}

/** Whoever is on this machine, where there are no keys. */
export const LOCAL: Caller = { name: 'local', role: 'operator' };

/** The key that was presented. Takes the same time whichever it is, and whether it is one: all are compared. */
export function findKey(keys: readonly Key[], presented: string): Key | undefined {
  const digest = digestOf(presented);
  let found: Key | undefined;
  for (const key of keys) if (timingSafeEqual(digestOf(key.key), digest)) found = key;
  return found;
}

/** Digests are equally long, whatever the keys are. */
const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();
