import { Code } from '@mantine/core';
import type { Answer } from '../../api/answers.ts';
import { When } from '../../format/When.tsx';
import { RouterAnchor } from '../../link/links.tsx';
import { columnsOf } from '../../table/columns.ts';

type Row = Answer<'/v0/reconciliations/{id}/rows'>['items'][number];

const column = columnsOf<Row>();
const content = (text: string | null) => (text === null ? '–' : <Code>{text}</Code>);

export const columns = column.columns([
  column.display({
    id: 'row',
    header: 'Row',
    cell: ({ row: { original } }) => (
      <RouterAnchor to="/messages" search={{ system: original.system, source_id: original.id }} data-row-link size="sm">
        {original.system} {original.id}
      </RouterAnchor>
    ),
  }),
  column.accessor('day', { header: 'Day (UTC)', meta: { wide: true } }),
  column.accessor('source', { header: 'In the source', cell: ({ getValue }) => content(getValue()) }),
  column.accessor('stored', { header: 'In the endput', cell: ({ getValue }) => content(getValue()) }),
  column.accessor('republished_at', {
    header: 'Published again',
    meta: { wide: true },
    cell: ({ getValue }) => {
      const at = getValue();
      return at === null ? '–' : <When at={at} />;
    },
  }),
]);
