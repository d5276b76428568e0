import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query';
import type { RowData } from '@tanstack/react-table';
import { useMemo, type ReactNode } from 'react';
import { Loaded } from '../feedback/Loaded.tsx';
import { DataTable, type Columns } from '../table/DataTable.tsx';

/** A page of a list, as every list of the API gives it. */
export interface ListPage<Row> {
  readonly items: readonly Row[];
  readonly next_cursor: string | null;
}

/** How the next page is asked for. */
export const pageByPage = {
  initialPageParam: undefined as string | undefined,
  getNextPageParam: ({ next_cursor }: ListPage<unknown>) => next_cursor ?? undefined,
};

interface PagedTableProps<Row extends RowData, Page extends ListPage<Row>> {
  readonly label: string;
  readonly query: UseInfiniteQueryResult<InfiniteData<Page>>;
  readonly columns: Columns<Row>;
  readonly rowId: (row: Row) => string;
  /** What is shown where there are no rows. */
  readonly empty: ReactNode;
}

/** A list that comes page by page, as far as somebody scrolls. */
export function PagedTable<Row extends RowData, Page extends ListPage<Row>>(props: PagedTableProps<Row, Page>) {
  const { label, query, columns, rowId, empty } = props;
  const rows = useMemo(() => query.data?.pages.flatMap(({ items }) => items) ?? [], [query.data]);
  const more = {
    has: query.hasNextPage && !query.isFetchNextPageError,
    loading: query.isFetchingNextPage,
    load: () => {
      if (!query.isFetchingNextPage) void query.fetchNextPage();
    },
  };
  return (
    <Loaded query={query}>
      {() =>
        rows.length === 0 ? empty : <DataTable label={label} columns={columns} rows={rows} rowId={rowId} more={more} />
      }
    </Loaded>
  );
}
