import type { OutgoingMessage, Publish } from '@esteira/pipeline';

/** A row to publish again, and the round it travels in. */
export interface RepublishRow {
  readonly id: string;
  readonly round: number;
}

/** What became of rows: how many of each. */
export interface Republished {
  readonly confirmed: number;
  /** No queue took them: the topology is not there. */
  readonly unroutable: number;
  /** The broker refused them; they may be sent again. */
  readonly refused: number;
  /** Their source rows are gone, or no message can be made of them. */
  readonly gone: number;
}

/** Nothing yet. */
const NOTHING: Republished = { confirmed: 0, unroutable: 0, refused: 0, gone: 0 };

/** What became of the rows of several. Pure. */
export const republishedInAll = (some: readonly Republished[]): Republished =>
  some.reduce(
    (sum, { confirmed, unroutable, refused, gone }) => ({
      confirmed: sum.confirmed + confirmed,
      unroutable: sum.unroutable + unroutable,
      refused: sum.refused + refused,
      gone: sum.gone + gone,
    }),
    NOTHING,
  );

/** What became of rows, and which of them the broker has now. */
export interface RepublishedRows<R> extends Republished {
  readonly confirmedRows: readonly R[];
}

/** Something ended it before all rows were dealt with: `done` is what had become of them by then. */
export class RepublishingStopped<R = unknown> extends Error {
  override name = 'RepublishingStopped';
  readonly done: RepublishedRows<R>;

  constructor(done: RepublishedRows<R>, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.done = done;
  }
}

/** A row, and the message made of it. */
export interface MadeMessage<R> {
  readonly row: R;
  readonly message: OutgoingMessage;
}

/** How rows are published again. */
export interface RepublishSteps<R> {
  /** Reads the rows and makes their messages; rows that are gone are left out. */
  readonly messages: (rows: readonly R[]) => Promise<readonly MadeMessage<R>[]>;
  readonly publish: Publish;
  /** Writes down of which rows the broker has a copy, before the next ones are published. */
  readonly note: (confirmed: readonly R[]) => Promise<void>;
  readonly pageSize?: number;
}

/**
 * Publishes rows again, a page at a time. It can do no harm: a message that is at rest, or still on its way, is
 * recognised by its id.
 *
 * @throws RepublishingStopped at the first step that fails
 */
export async function republish<R extends RepublishRow>(
  rows: readonly R[],
  { messages, publish, note, pageSize = 1_000 }: RepublishSteps<R>,
): Promise<RepublishedRows<R>> {
  const confirmedRows: R[] = [];
  const result = { ...NOTHING };
  try {
    for (let from = 0; from < rows.length; from += pageSize) {
      const some = rows.slice(from, from + pageSize);
      const made = await messages(some);
      result.gone += some.length - made.length;
      const outcomes = await publish(made.map(({ message }) => message));
      const confirmed = made.filter((_, index) => outcomes[index] === 'confirmed').map(({ row }) => row);
      for (const outcome of outcomes) result[outcome] += 1;
      confirmedRows.push(...confirmed);
      if (confirmed.length > 0) await note(confirmed);
    }
  } catch (cause) {
    throw new RepublishingStopped({ ...result, confirmedRows }, cause);
  }
  return { ...result, confirmedRows };
}
