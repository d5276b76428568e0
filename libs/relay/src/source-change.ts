import type { CursorView } from './cursor.ts';
import type { Position, SourceIdentity, SourceState } from './page-source.ts';

/** The part of a cursor that says whose positions it holds; absent before the first run. */
export type KnownSource = Partial<SourceIdentity>;

/**
 * Why a position means nothing in the source that answers now, or undefined when it does. Pure. Transaction ids are
 * compared within one history of one cluster only; of a table that is not the cursor's, older rows would be left out.
 */
export function sourceChange(known: KnownSource, at: Position, now: SourceState): string | undefined {
  const differs = (what: keyof SourceIdentity) => known[what] !== undefined && known[what] !== now[what];
  const both = (what: keyof SourceIdentity) => `${known[what] ?? ''} then, ${now[what]} now`;
  if (differs('systemIdentifier')) {
    return `the cursor belongs to another Postgres cluster (${both('systemIdentifier')})`;
  }
  if (differs('timeline')) {
    return `the Postgres cluster is on another timeline (${both('timeline')}): it was promoted or restored`;
  }
  for (const what of ['database', 'schema', 'table'] as const) {
    if (differs(what)) return `the cursor belongs to another ${what} (${both(what)})`;
  }
  if (BigInt(at.transactionId) >= BigInt(now.nextTransactionId)) {
    return `the cursor is ahead of the source (transaction ${at.transactionId}, the source's next is ${now.nextTransactionId}): an older copy of it was brought back`;
  }
  return undefined;
}

/** The source that a cursor belongs to. */
export function knownSource({ database, schema, table, systemIdentifier, timeline }: CursorView): KnownSource {
  const all = { database, schema, table, systemIdentifier, timeline };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
