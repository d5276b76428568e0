import type { DeadLetterGroup } from '@esteira/dead-letters';
import { formatted, renderTable } from './table.ts';

/** How groups of dead letters are told. */
export interface ToldAs {
  /** Whether they are only those of a filter. */
  readonly isFiltered: boolean;
  /** What people call where messages come from. */
  readonly origin: string;
  /** The command that sends them again. */
  readonly redrive: string;
}

/** Open dead letters by reason, with an example each; how many, and what sends them again. Pure. */
export function groupText(
  { groups, from, to }: { readonly groups: readonly DeadLetterGroup[]; from: string | null; to: string | null },
  { isFiltered, origin, redrive }: ToldAs,
): string {
  if (from === null || to === null)
    return isFiltered ? 'No open dead letter matches FILTER.' : 'There are no open dead letters.';
  const count = groups.reduce((sum, group) => sum + group.count, 0);
  return [
    groupTable(groups, origin),
    `${formatted(count)} open dead letters, from ${from} to ${to}.`,
    `\`${redrive} FILTER='reason=…'\` sends them again.`,
  ].join('\n');
}

/** Dead letters by reason, with an example each. */
export function groupTable(groups: readonly DeadLetterGroup[], origin = 'system'): string {
  return renderTable(
    ['dead letters', 'reason', 'error', 'for example'],
    groups.map(({ count, reason, errorCode, example }) => [
      count,
      reason,
      errorCode,
      `${example.origin ?? `unknown ${origin}`} ${example.messageId}\n${example.message}`,
    ]),
  );
}
