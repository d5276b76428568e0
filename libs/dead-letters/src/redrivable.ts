import type { Failure, Pipeline } from '@esteira/pipeline';
import type { AtRestView } from './at-rest.ts';

/** Who a body proves to be. */
export interface BodyIdentity {
  readonly messageId: string;
  readonly system: string;
  /** Decimal text. */
  readonly sourceId: string;
  /** When the source row was made, ISO 8601. */
  readonly createdAt: string;
}

/** What the core must know of a pipeline to send its dead letters again. */
export interface Redrivable {
  readonly pipeline: Pipeline;
  /** What its store shows of what is stored. */
  readonly atRest: AtRestView;
  /** Reads a body as the pipeline's consumer will: who it is, or why it would be dead again at once. Pure. */
  readonly readBody: (body: Uint8Array) => BodyIdentity | { readonly problem: Failure };
}
