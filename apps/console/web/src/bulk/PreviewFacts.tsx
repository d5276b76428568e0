import { Alert, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Facts } from '../feedback/Facts.tsx';
import { count, counted } from '../format/number.ts';
import { duration, shortTime } from '../format/time.ts';
import { useNow } from '../format/useNow.ts';
import { leastDuration, type BulkAction, type Preview } from './selection.ts';

interface PreviewFactsProps {
  readonly action: BulkAction;
  readonly preview: Preview;
  readonly ratePerSecond: number;
}

/** How many, of where and why, what would change nothing, and how long it takes. */
export function PreviewFacts({ action, preview, ratePerSecond }: PreviewFactsProps) {
  const now = useNow(1_000);
  const { total, by_system: systems, by_reason: reasons } = preview;
  const bySystem = systems.map(({ system, count: n }) => `${system ?? 'unknown'} ${count(n)}`).join(', ');
  const byReason = reasons
    .map(({ reason, error_code, count: n }) => `${reason} (${error_code}) ${count(n)}`)
    .join(', ');
  const takes = leastDuration(total, ratePerSecond);
  const facts: (readonly [string, ReactNode])[] = [
    ['Dead letters', count(total)],
    ['Systems', bySystem || '–'],
    ['Reasons', byReason || '–'],
    ['Stored already', unchanged(preview.already_stored)],
  ];
  if (preview.not_dead > 0) facts.push(['Not dead any more', unchanged(preview.not_dead)]);
  if (action === 'redrive') {
    if (preview.perhaps_unreadable > 0)
      facts.push([
        'Never edited',
        `${count(preview.perhaps_unreadable)} invalid ones: what still can't be read stays as it is`,
      ]);
    if (preview.canary > 0)
      facts.push([
        'Canary',
        `${counted(preview.canary, 'message')} first; the others follow when those come to a good end`,
      ]);
    facts.push([
      'At this rate',
      `${duration(takes)} at least, until about ${shortTime(new Date(now.getTime() + takes).toISOString(), now)}`,
    ]);
  }
  return (
    <>
      <Facts facts={facts} />
      <Notes action={action} isNothing={total === 0} />
    </>
  );
}

const unchanged = (value: number) => (value === 0 ? 'none' : `${count(value)}: would change nothing`);

function Notes({ action, isNothing }: { readonly action: BulkAction; readonly isNothing: boolean }) {
  if (isNothing) {
    return (
      <Alert color="gray" variant="outline">
        There is nothing to {action}: no open dead letter is like that any more.
      </Alert>
    );
  }
  if (action === 'redrive') return null;
  return (
    <Text size="sm">
      Discarded messages are at rest: they count as discarded, are not attempted again, and stay readable.
    </Text>
  );
}
