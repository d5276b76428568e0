/** A row that is neither at rest nor beyond the cursor, and what speaks for a message of it. */
export interface OpenRow {
  /** How often it was published again in its round, as far as such a copy may still be in the broker. */
  readonly copies: number;
  /** When it was last published again, or attempted not longer ago than a retry may wait, in milliseconds. */
  readonly lastSign?: number;
  /** Whether more has passed since it was first seen open than a message can live through: see `watched`. */
  readonly isOver: boolean;
}

/** What the broker holds. */
export interface Held {
  /** Its own count of messages. */
  readonly inBroker: number;
  /** Copies that may be among them, of rows that are at rest by now. */
  readonly copiesElsewhere: number;
}

/** Where an open row is. */
export type OpenClass = 'in-flight' | 'missing';

/**
 * Where each open row is. A count of messages stands in for no row: what may be a copy is taken off it first.
 *
 * 1. A row that has outlived every journey is missing, whatever the broker counts.
 * 2. A row with a sign of its own is in flight: it was published again, or its last attempt failed so lately that it
 *    still waits. Where the broker holds less, the latest signs count.
 * 3. All others share what is left of the count: without one message for each row with a sign, without the copies of
 *    each, and without those of rows at rest. The ones that were published last come first. The others are missing.
 *
 * So of the rows without a sign at least as many are missing as have no message, whoever's copies the broker holds, as
 * long as it was we who published them. Where each open row has its message and nothing was published again, none is
 * missing. Pure.
 *
 * @param open in the order in which they were published, as far as that is known
 */
export function judge(open: readonly OpenRow[], { inBroker, copiesElsewhere }: Held): OpenClass[] {
  const verdicts = open.map((): OpenClass => 'missing');
  const alive = open.map((row, index) => ({ ...row, index })).filter(({ isOver }) => !isOver);
  const signed = alive.filter(({ copies, lastSign }) => copies > 0 || lastSign !== undefined);
  const others = alive.filter(({ copies, lastSign }) => copies === 0 && lastSign === undefined);
  const spokenFor = copiesElsewhere + signed.reduce((sum, { copies }) => sum + copies + 1, 0);
  const claim = (rows: readonly { readonly index: number }[], room: number) => {
    for (const { index } of rows.slice(0, Math.max(0, room))) verdicts[index] = 'in-flight';
  };
  claim(
    signed.toSorted((one, other) => (other.lastSign ?? 0) - (one.lastSign ?? 0)),
    inBroker,
  );
  claim(others.toReversed(), inBroker - spokenFor);
  return verdicts;
}
