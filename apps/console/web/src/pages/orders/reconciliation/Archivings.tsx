import { Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Answer } from '../../../api/answers.ts';
import { answerOf, api } from '../../../api/client.ts';
import { ActButton } from '../../../feedback/ActButton.tsx';
import { Panel } from '../../../feedback/Panel.tsx';
import { tellProblem } from '../../../feedback/notice.ts';
import { When } from '../../../format/When.tsx';
import { columnsOf } from '../../../table/columns.ts';
import { DataTable } from '../../../table/DataTable.tsx';
import { archivingsQuery } from './query.ts';

type Archiving = Answer<'/v0/pipelines/orders/archivings'>['items'][number];

const column = columnsOf<Archiving>();

/** `made before 2026-01-01, up to id 4711`. Pure. */
const whichRows = ({ before_day: beforeDay, up_to_id: upToId }: Archiving): string =>
  [beforeDay !== null && `made before ${beforeDay}`, upToId !== null && `up to id ${upToId}`]
    .filter((part) => part !== false)
    .join(', ');

const columns = column.columns([
  column.accessor('system', { header: 'System', meta: { unbroken: true } }),
  column.display({ id: 'rows', header: 'Rows', cell: ({ row: { original } }) => whichRows(original) }),
  column.accessor('why', { header: 'Why' }),
  column.display({
    id: 'by',
    header: 'By',
    meta: { wide: true },
    cell: ({ row: { original } }) => (
      <>
        {original.by}, <When at={original.at} />
      </>
    ),
  }),
  column.display({ id: 'state', header: '', cell: ({ row: { original } }) => <Withdraw archiving={original} /> }),
]);

/** What counts as archived, and who said so; nothing where nobody did. */
export function Archivings() {
  const { data } = useQuery(archivingsQuery);
  if (data === undefined || data.items.length === 0) return null;
  return (
    <Panel title="Archived at the source">
      <DataTable label="Archived at the source" columns={columns} rows={data.items} rowId={({ id }) => id} />
    </Panel>
  );
}

function Withdraw({ archiving: { id, withdrawn_at: at, withdrawn_by: by } }: { readonly archiving: Archiving }) {
  const client = useQueryClient();
  const withdraw = useMutation({
    mutationFn: () =>
      answerOf(
        api.POST('/v0/pipelines/orders/archivings/{id}/withdraw', {
          params: { path: { id } },
          body: { why: 'taken back in the console' },
        }),
      ),
    onError: tellProblem,
    onSettled: () => client.invalidateQueries({ queryKey: archivingsQuery.queryKey }),
  });
  if (at !== null) {
    return (
      <Text size="sm" c="dimmed" component="div">
        taken back by {by}, <When at={at} />
      </Text>
    );
  }
  return (
    <ActButton
      variant="default"
      loading={withdraw.isPending}
      onClick={() => {
        withdraw.mutate();
      }}
    >
      Take back
    </ActButton>
  );
}
