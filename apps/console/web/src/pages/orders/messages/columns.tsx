import { Text } from '@mantine/core';
import type { Answer } from '../../../api/answers.ts';
import { ErrorText } from '../../../feedback/ErrorText.tsx';
import { State, type Tone } from '../../../feedback/State.tsx';
import { When } from '../../../format/When.tsx';
import { RouterAnchor } from '../../../link/links.tsx';
import { columnsOf } from '../../../table/columns.ts';

export type Hit = Answer<'/v0/pipelines/orders/messages'>['items'][number];

const TONES = {
  succeeded: 'good',
  failed: 'warning',
  'dead-lettered': 'bad',
  invalid: 'bad',
  discarded: 'calm',
  redriven: 'busy',
  'under-way': 'busy',
} as const satisfies Record<Hit['status'], Tone>;

const column = columnsOf<Hit>();

export const columns = column.columns([
  column.display({
    id: 'row',
    header: 'Row',
    meta: { unbroken: true },
    cell: ({ row: { original } }) => (
      <RouterAnchor
        to="/orders/messages/$messageId"
        params={{ messageId: original.message_id }}
        data-row-link
        size="sm"
      >
        {original.system === null ? original.message_id : `${original.system} ${original.source_id ?? '?'}`}
      </RouterAnchor>
    ),
  }),
  column.accessor('status', {
    header: 'Outcome',
    cell: ({ getValue }) => <State tone={TONES[getValue()]}>{getValue()}</State>,
  }),
  column.display({
    id: 'attempt',
    header: 'Attempt',
    meta: { figure: true, wide: true },
    cell: ({ row: { original } }) => attemptText(original),
  }),
  column.display({
    id: 'what',
    header: 'Product or error',
    meta: { wide: true },
    cell: ({ row: { original } }) => (
      <Text span inherit lineClamp={3}>
        {original.error === null ? original.product : <ErrorText error={original.error} />}
      </Text>
    ),
  }),
  column.accessor('found_in', { header: 'Found in', meta: { wide: true } }),
  column.accessor('at', { header: 'When', cell: ({ getValue }) => <When at={getValue()} /> }),
]);

function attemptText({ attempt, max_attempts: most, round }: Hit): string {
  if (attempt === null) return '–';
  return `${attempt}${most === null ? '' : ` of ${most}`}${round > 1 ? `, round ${round}` : ''}`;
}
