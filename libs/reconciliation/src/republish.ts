import type { OutgoingMessage, Publish } from '@esteira/pipeline';

/** A row to publish again. */
export interface RepublishRow {
  readonly id: string;
  readonly round: number;
}

export interface Republished {
  readonly confirmed: number;
  /** No queue took them: the topology is not there. */
  readonly unroutable: number;
  /** The broker refused them; they may be sent again. */
  readonly refused: number;
  /** Their source rows are gone, or no message can be made of them. */
  readonly gone: number;
}

/**
 * Publishes rows again, a page at a time. It can do no harm: a message that is at rest, or still on its way, is
 * recognised by its id.
 *
 * @param messages reads the rows and makes their messages; rows that are gone are left out
 */
export async function republish<R extends RepublishRow>(
  rows: readonly R[],
  messages: (rows: readonly R[]) => Promise<OutgoingMessage[]>,
  publish: Publish,
  pageSize = 1_000,
): Promise<Republished> {
  const result = { confirmed: 0, unroutable: 0, refused: 0, gone: 0 };
  for (let from = 0; from < rows.length; from += pageSize) {
    const some = rows.slice(from, from + pageSize);
    const made = await messages(some);
    result.gone += some.length - made.length;
    for (const outcome of await publish(made)) result[outcome] += 1;
  }
  return result;
}
