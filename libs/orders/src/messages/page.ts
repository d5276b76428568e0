import type { Page } from '@esteira/pipeline';
import type { MessageHit } from './hit.ts';

/** A page of hits, the latest first. */
export interface MessagePage extends Page<MessageHit> {
  /** The index that served it; several, where several places were asked. */
  readonly index: string;
  /** Sources whose products could not be searched, and why. */
  readonly unsearched: readonly string[];
}

/** A search that no index serves. */
export class UnservedSearch extends Error {
  override name = 'UnservedSearch';
}
