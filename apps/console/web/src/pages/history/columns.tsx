import { Text } from '@mantine/core';
import type { Answer } from '../../api/answers.ts';
import { When } from '../../format/When.tsx';
import { RouterAnchor } from '../../link/links.tsx';
import { usePipeline } from '../../pipeline/current.tsx';
import { columnsOf } from '../../table/columns.ts';
import { detailsText } from './details.ts';

export type Done = Answer<'/v0/pipelines/{pipeline}/history'>['items'][number];

const column = columnsOf<Done>();

export const columns = column.columns([
  column.display({
    id: 'at',
    header: 'When',
    cell: ({ row: { original: done } }) => (
      <>
        <When at={done.at} />
        <Text size="xs" c="dimmed" hiddenFrom="md">
          {done.by}
        </Text>
      </>
    ),
  }),
  column.accessor('by', { header: 'Who', meta: { unbroken: true, wide: true } }),
  column.display({
    id: 'what',
    header: 'What',
    meta: { unbroken: true },
    cell: ({ row: { original } }) => <What done={original} />,
  }),
  column.accessor('details', { header: 'More', meta: { wide: true }, cell: ({ getValue }) => detailsText(getValue()) }),
  column.accessor('why', { header: 'Why', cell: ({ getValue }) => getValue() ?? '–' }),
]);

function What({ done: { action, job, message_id: messageId, details } }: { readonly done: Done }) {
  const { parts } = usePipeline();
  if (job !== null) {
    return (
      <RouterAnchor
        from="/$pipeline"
        to="/$pipeline/dead-letters/jobs/$jobId"
        params={{ jobId: job }}
        data-row-link
        size="sm"
      >
        {action}, job {job}
      </RouterAnchor>
    );
  }
  const { reconciliation } = details;
  if (typeof reconciliation === 'string' && parts.includes('reconciliation')) {
    return (
      <RouterAnchor to="/orders/reconciliation/$id" params={{ id: reconciliation }} data-row-link size="sm">
        {action}
      </RouterAnchor>
    );
  }
  if (messageId === null) return action;
  if (!parts.includes('messages')) {
    return (
      <RouterAnchor
        from="/$pipeline"
        to="/$pipeline/dead-letters/$messageId"
        params={{ messageId }}
        data-row-link
        size="sm"
      >
        {action}
      </RouterAnchor>
    );
  }
  return (
    <RouterAnchor to="/orders/messages/$messageId" params={{ messageId }} data-row-link size="sm">
      {action}
    </RouterAnchor>
  );
}
