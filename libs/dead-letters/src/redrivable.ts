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

/**
 * The lane that a dead letter is sent to: the one that it came from. The first where that was not written down, as by
 * earlier releases, or is none of the pipeline's, as that of a message which was moved on RabbitMQ's page. Pure.
 */
export function laneOf({ lanes }: Pipeline, lane: string | null): string {
  return lane !== null && lanes.includes(lane) ? lane : lanes[0];
}
