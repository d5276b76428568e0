import { isArchived, type ArchivedRows } from './archivings.ts';
import type { JoinedRow, Position } from './rows.ts';

/** Where a row is. Every row is in exactly one of these. */
export type RowClass =
  'stored' | 'discarded' | 'dead' | 'not-yet-published' | 'in-flight' | 'missing' | 'archived' | 'orphan' | 'differs';

/** What the tables alone say; `judge` decides whether a `remainder` is in flight or missing. */
export type TableClass = Exclude<RowClass, 'in-flight' | 'missing'> | 'remainder';

/** Whether a row comes after the cursor, and so was never confirmed by the broker. */
export function isBeyond(row: Position, cursor: Position | undefined): boolean {
  if (cursor === undefined) return true;
  if (row.transactionId !== cursor.transactionId) return BigInt(row.transactionId) > BigInt(cursor.transactionId);
  return BigInt(row.id) > BigInt(cursor.id);
}

/**
 * Classifies what three tables know of one id: stored > discarded > dead > not yet published > remainder. What the source
 * has not is archived, as far as somebody said so, or an orphan. Pure.
 */
export function classify(
  row: JoinedRow,
  cursor: Position | undefined,
  archived: readonly ArchivedRows[] = [],
): TableClass {
  const { source, stored, dead } = row;
  if (source === undefined) {
    const gone = { id: row.id, day: stored?.day ?? dead?.day ?? null };
    return isArchived(gone, archived) ? 'archived' : 'orphan';
  }
  const deadLetters = dead?.deadLetters ?? [];
  if (stored !== undefined) {
    if (stored.content === source.content) return 'stored';
    // A person changed it before its redrive: its history says who, when and why.
    if (deadLetters.some(({ state, edited }) => state === 'redriven' && edited === true)) return 'stored';
    // Where an id was used twice the first order is stored, and this row is a dead letter beside it.
    const second = deadLetters.find(({ reason, state }) => reason === 'identity-conflict' && state !== 'redriven');
    return second === undefined ? 'differs' : (second.state as 'dead' | 'discarded');
  }
  if (deadLetters.some(({ state }) => state === 'discarded')) return 'discarded';
  if (deadLetters.some(({ state }) => state === 'dead')) return 'dead';
  return isBeyond(source, cursor) ? 'not-yet-published' : 'remainder';
}

/** The round in which a row that is not at rest travels: that of its redriven dead letter, or the first. */
export function roundOf({ dead }: JoinedRow): number {
  return Math.max(
    1,
    ...(dead?.deadLetters ?? []).filter(({ state }) => state === 'redriven').map(({ round }) => round),
  );
}
