import type { DeadLetterGroup } from '@esteira/dead-letters';
import { renderTable } from './table.ts';

/** Dead letters by reason, with an example each. */
export function groupTable(groups: readonly DeadLetterGroup[]): string {
  return renderTable(
    ['dead letters', 'reason', 'error', 'for example'],
    groups.map(({ count, reason, errorCode, example }) => [
      count,
      reason,
      errorCode,
      `${example.origin ?? 'unknown system'} ${example.messageId}\n${example.message}`,
    ]),
  );
}
