import type { AttemptDocument } from './attempt-document.ts';
import type { AttemptPage, AttemptSearch } from './attempt-search.ts';

/**
 * The log of attempts: for people, and to spare an attempt that was made already. It expires: no decision that must
 * hold depends on a document that may be gone.
 */
export interface AttemptLog {
  /**
   * Creates indexes, applies a changed TTL, tries a write. Idempotent.
   *
   * @returns what is not as it should be and needs a person, a sentence each; attempts are logged all the same.
   * @throws AttemptLogUnusable where they would not be.
   */
  prepare(): Promise<readonly string[]>;
  /**
   * Writes attempts, durably. One that is there already stays, except that a success replaces a failure.
   *
   * @throws AttemptLogUnusable where the server refuses attempts until a person acts.
   */
  record(attempts: readonly AttemptDocument[]): Promise<void>;
  /** The attempts with these ids, those that are still there. */
  find(ids: readonly string[]): Promise<AttemptDocument[]>;
  /** All attempts of these messages that are still there, oldest first. */
  ofMessages(messageIds: readonly string[]): Promise<AttemptDocument[]>;
  /**
   * A page of the attempts of the log's pipeline that are still there, the latest first. Every search is served by an
   * index, which the page names.
   *
   * @throws ForeignCursor
   */
  search(search: AttemptSearch): Promise<AttemptPage>;
  /** How many attempts were made (`invalid` is none), by origin; those that do not tell theirs as `unknown`. */
  countByOrigin(pipeline: string): Promise<Map<string, number>>;
  /** Empties the log of a pipeline. */
  clear(pipeline: string): Promise<void>;
  /** Rejects while the server does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
