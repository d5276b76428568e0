import { Text } from '@mantine/core';
import { infiniteQueryOptions, useInfiniteQuery } from '@tanstack/react-query';
import { answerOf, api } from '../../../api/client.ts';
import { Empty } from '../../../feedback/Empty.tsx';
import { PagedTable } from '../../../list/PagedTable.tsx';
import { pageByPage } from '../../../list/list-page.ts';
import { given } from '../../../url/given.ts';
import { MEANINGS } from '../reconciliation/report.ts';
import { columnsFor } from './columns.tsx';
import { narrowedText, type KINDS, type RowsSearch } from './search.ts';

type Listed = RowsSearch & { readonly kind: (typeof KINDS)[number] };

const rowsQuery = (id: string, search: Listed) =>
  infiniteQueryOptions({
    queryKey: ['reconciliations', id, 'rows', search],
    queryFn: ({ pageParam, signal }) => {
      const { kind, system, day } = search;
      const query = { kind, ...given({ system, day, cursor: pageParam }) };
      return answerOf(
        api.GET('/v0/pipelines/orders/reconciliations/{id}/rows', { signal, params: { path: { id }, query } }),
      );
    },
    ...pageByPage,
  });

/** The rows of one kind, of all systems and days or of one. */
export function Rows({ id, search }: { readonly id: string; readonly search: Listed }) {
  const { kind } = search;
  const of = narrowedText(search);
  const found = useInfiniteQuery(rowsQuery(id, search));
  return (
    <>
      <Text size="sm" c="dimmed">
        {kind}: {MEANINGS[kind]}
        {of !== '' && `; ${of}`}
      </Text>
      <PagedTable
        label={`Rows: ${kind}`}
        query={found}
        columns={columnsFor[kind]}
        rowId={(row) => `${row.system} ${row.id}`}
        empty={<Empty title="None">No row is like that.</Empty>}
      />
    </>
  );
}
