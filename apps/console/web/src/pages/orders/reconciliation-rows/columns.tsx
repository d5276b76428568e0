import { Code, Text } from '@mantine/core';
import type { Answer } from '../../../api/answers.ts';
import { When } from '../../../format/When.tsx';
import { RouterAnchor } from '../../../link/links.tsx';
import { columnsOf } from '../../../table/columns.ts';

export type Row = Answer<'/v0/pipelines/orders/reconciliations/{id}/rows'>['items'][number];

const column = columnsOf<Row>();
const content = (text: string | null) => (text === null ? '–' : <Code>{text}</Code>);

const row = column.display({
  id: 'row',
  header: 'Row',
  cell: ({ row: { original } }) => (
    <RouterAnchor
      to="/orders/messages"
      search={{ system: original.system, source_id: original.id }}
      data-row-link
      size="sm"
    >
      {original.system} {original.id}
    </RouterAnchor>
  ),
});
const day = column.accessor('day', { header: 'Day (UTC)', meta: { wide: true } });
const source = column.accessor('source', { header: 'In the source', cell: ({ getValue }) => content(getValue()) });
const stored = column.accessor('stored', { header: 'In the endput', cell: ({ getValue }) => content(getValue()) });
const differs = column.display({
  id: 'differs',
  header: 'Differs in',
  cell: ({ row: { original } }) =>
    original.differences.map((one) => (
      <Text key={one.field} size="sm" component="div" style={{ overflowWrap: 'anywhere' }}>
        {one.field}: <Code>{one.source ?? 'nothing'}</Code> in the source, <Code>{one.stored ?? 'nothing'}</Code> in the
        endput
      </Text>
    )),
});
const republished = column.accessor('republished_at', {
  header: 'Published again',
  meta: { wide: true },
  cell: ({ getValue }) => {
    const at = getValue();
    return at === null ? '–' : <When at={at} />;
  },
});

/** What is worth seeing of a row, by why it is listed. */
export const columnsFor: Record<Row['class'], ReturnType<typeof column.columns>> = {
  missing: column.columns([row, day, source, republished]),
  orphan: column.columns([row, day, stored]),
  differs: column.columns([row, day, differs]),
};
