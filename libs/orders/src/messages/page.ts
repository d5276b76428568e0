import type { Page } from '@esteira/pipeline';
import type { MessageHit } from './hit.ts';

/** A page of hits, the latest first. */
export interface MessagePage extends Page<MessageHit> {
  /** The index that served it; several, where several places were asked. */
  readonly index: string;
  /** What could not be searched, sources or the attempt log, and why. */
  readonly unsearched: readonly string[];
}

/** A search that no index serves, or that could not match anything. */
export class UnservedSearch extends Error {
  override name = 'UnservedSearch';
  /** The parameter to change, as the API calls it. */
  readonly parameter: 'system' | 'words' | 'message_id';

  constructor(message: string, parameter: UnservedSearch['parameter'] = 'system') {
    super(message);
    this.parameter = parameter;
  }
}
