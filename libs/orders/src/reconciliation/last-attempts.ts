import type { AttemptLog } from '@esteira/attempt-log';
import { roundKey, type LastAttempts, type RowRound } from '@esteira/reconciliation';
import { messageIds } from '../domain/index.ts';

/** Messages that the log is asked about at once. */
const ASKED_AT_ONCE = 2_000;

/**
 * Asks the attempt log when it last heard of an attempt that failed and has to be tried again, in a row's own round. A
 * log that does not answer knows nothing, and `onFault` hears of it: what it would have said is no verdict by itself.
 */
export function lastAttemptsIn(
  log: Pick<AttemptLog, 'ofMessages'>,
  onFault: (error: unknown) => void = () => undefined,
): LastAttempts {
  return async (rows) => {
    const found = new Map<string, number>();
    try {
      for (let from = 0; from < rows.length; from += ASKED_AT_ONCE)
        await ask(log, rows.slice(from, from + ASKED_AT_ONCE), found);
    } catch (error) {
      onFault(error);
    }
    return found;
  };
}

async function ask(
  log: Pick<AttemptLog, 'ofMessages'>,
  rows: readonly RowRound[],
  found: Map<string, number>,
): Promise<void> {
  const known = rows.filter(({ id }) => BigInt(id) >= 0n);
  const byMessage = new Map(known.map((row) => [messageIds(row.system)(row.id), row]));
  for (const { message_id: messageId, round, status, processed_at: at } of await log.ofMessages([
    ...byMessage.keys(),
  ])) {
    const row = byMessage.get(messageId);
    if (row?.round !== round || status !== 'failed') continue;
    const key = roundKey(row);
    found.set(key, Math.max(found.get(key) ?? 0, at.getTime()));
  }
}
