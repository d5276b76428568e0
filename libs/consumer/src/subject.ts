import type { JsonValue } from '@esteira/pipeline';

/** What the messages of a pipeline are about, as far as people read of it. */
export interface Subject<M> {
  /** What one of them is called: in sentences, and as the field of an attempt's document. */
  readonly name: string;
  /** What an attempt's document keeps of it. */
  of(message: M): JsonValue;
  /** Where it comes from, as an attempt's document keeps it; where it is absent, the origin of its identity. */
  originOf?(message: M): JsonValue;
  /** The incarnation, from what a document of an earlier release keeps; later ones tell it themselves. */
  incarnationOf?(kept: JsonValue): string | null;
}
