import type { Codec, Handler, Pipeline } from '@esteira/pipeline';
import type { Effect } from './effect.ts';
import type { LaneOptions } from './lane.ts';
import type { Subject } from './subject.ts';

/** What a pipeline brings; everything else is the engine's. */
export interface Definition<M> {
  readonly pipeline: Pipeline;
  readonly codec: Codec<M>;
  readonly handler: Handler<M>;
  readonly effect: Effect<M>;
  readonly subject: Subject<M>;
  /** Its lanes by name; one that is not here is handled in batches. */
  readonly lanes?: Readonly<Record<string, LaneOptions>>;
}
