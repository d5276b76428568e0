/** Which rows were removed from a source on purpose: all that is given must be true of a row. */
export interface ArchivedRows {
  /** Made before this day, UTC, like 2026-01-31. */
  readonly beforeDay?: string;
  /** With this id or a lower one, decimal text. */
  readonly upToId?: string;
}

/** A day as Postgres writes it, in the years that sort as texts; `infinity`, `unknown` and others are before no day. */
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** A row that its source does not have: its id, and the day it was made, UTC, where that is known. */
interface GoneRow {
  readonly id: string;
  readonly day: string | null;
}

/** Whether a row that its source does not have was archived, as somebody said. Pure. */
export function isArchived({ id, day }: GoneRow, archived: readonly ArchivedRows[]): boolean {
  return archived.some(
    ({ beforeDay, upToId }) =>
      (beforeDay !== undefined || upToId !== undefined) &&
      (beforeDay === undefined || (day !== null && DAY.test(day) && day < beforeDay)) &&
      (upToId === undefined || BigInt(id) <= BigInt(upToId)),
  );
}
