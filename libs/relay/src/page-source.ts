import type { OutgoingMessage } from '@esteira/pipeline';

/** A place in a source: of a row, or of the last row that has been confirmed. Rows are sorted by both parts. */
export interface Position {
  /** The transaction that inserted the row: 64 bits, decimal text. */
  readonly transactionId: string;
  /** The row's id, decimal text. */
  readonly id: string;
}

/** Which source answers. Positions are comparable only within one identity. */
export interface SourceIdentity {
  readonly database: string;
  readonly schema: string;
  readonly table: string;
  /** Of the database cluster; a restored copy made by dump has another. */
  readonly systemIdentifier: string;
  /** Of the cluster's history: a promotion or a point-in-time recovery starts another. */
  readonly timeline: string;
}

/** The source at the moment of a page. */
export interface SourceState extends SourceIdentity {
  /** One beyond the latest transaction that has ended, decimal text: every row that could be read lies below it. */
  readonly nextTransactionId: string;
}

/** Rows that are safe to read, as messages, sorted by their positions. */
export interface Page {
  readonly source: SourceState;
  readonly messages: readonly OutgoingMessage[];
  /** Whether more rows may be safe to read at this moment. */
  readonly more: boolean;
  /** The position of the last message; absent from an empty page. */
  readonly last?: Position;
}

/** What a run needs of a source. */
export interface PageSource {
  /**
   * The first `limit` rows after a position (from the beginning without one) below the watermark; fewer when there are
   * no more, or when they are large. No row may ever appear later at or before a page's last position. Rejects on a
   * fault, and asking again is free; or with an {@link UnpublishableRow}, which needs a person.
   */
  next(after: Position | undefined, limit: number, journey: { readonly maxAttempts: number }): Promise<Page>;
}

/** A row that no message can be made of, whatever is tried. Its text names table and row, and what mends it. */
export class UnpublishableRow extends Error {
  override name = 'UnpublishableRow';
}
