import type { AttemptDocument, AttemptLog } from '@esteira/attempt-log';
import type { RowToRest } from '../../overview/questions.ts';

/** How far back orders are looked at, in milliseconds. */
const LATELY_MS = 60_000;
/** An order that is older was not made now but imported: its time tells nothing of its way. In milliseconds. */
const OLDEST_MS = 86_400_000;
/** The most orders that are looked at: those stored last. */
const MOST = 500;

/** Asks the log for the orders stored last; an attempt is logged right after its order was stored. */
export async function askRowToRest(attemptLog: Pick<AttemptLog, 'search'>): Promise<RowToRest> {
  const from = new Date(Date.now() - LATELY_MS);
  const { items } = await attemptLog.search({ status: 'succeeded', from, limit: MOST });
  return rowToRestOf(items.flatMap(durationOf));
}

function durationOf(
  document: AttemptDocument & { readonly order?: { readonly created_at?: string } | null },
): number[] {
  const durationMs = document.processed_at.getTime() - Date.parse(document.order?.created_at ?? '');
  return durationMs < OLDEST_MS ? [Math.max(0, durationMs)] : [];
}

/** The quantiles of durations in milliseconds. Pure. */
function rowToRestOf(durationsMs: readonly number[]): RowToRest {
  const sorted = durationsMs.toSorted((one, other) => one - other);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? null;
  return { p50Ms: at(0.5), p99Ms: at(0.99), messages: sorted.length };
}
