import type { JsonValue } from '@esteira/pipeline';

/** What the messages of a pipeline are about, as far as people read of it. */
export interface Subject<M> {
  /** What one of them is called: in sentences, and as the field of an attempt's document. */
  readonly name: string;
  /** What an attempt's document keeps of it. */
  of(message: M): JsonValue;
  /** Where it comes from, as an attempt's document keeps it. */
  originOf(message: M): JsonValue;
  /** When its source row was made, from what a document keeps; null where that is nothing. */
  createdAtOf(kept: unknown): string | null;
}
