import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query';
import type { RowData } from '@tanstack/react-table';
import { useMemo, type ReactNode } from 'react';
import { Loaded } from '../feedback/Loaded.tsx';
import { DataTable, type Columns } from '../table/DataTable.tsx';
import type { ListPage } from './list-page.ts';
import { News, type NewsOf } from './News.tsx';
import { SearchOn } from './SearchOn.tsx';

interface PagedTableProps<Row extends RowData, Page extends ListPage<Row>> {
  readonly label: string;
  readonly query: UseInfiniteQueryResult<InfiniteData<Page>>;
  readonly columns: Columns<Row>;
  readonly rowId: (row: Row) => string;
  /** What is shown where there are no rows. */
  readonly empty: ReactNode;
  /** For a list with the newest first, which says how much is newer than what it shows. */
  readonly news?: NewsOf<Page> | undefined;
}

/** A list that comes page by page, as far as somebody scrolls. A page may be empty and yet not be the last. */
export function PagedTable<Row extends RowData, Page extends ListPage<Row>>(props: PagedTableProps<Row, Page>) {
  const { label, query, columns, rowId, empty, news } = props;
  const pages = useMemo(() => query.data?.pages ?? [], [query.data]);
  const rows = useMemo(() => pages.flatMap(({ items }) => items), [pages]);
  const emptyPages = query.hasNextPage ? emptyAtEnd(pages) : 0;
  const more = {
    has: query.hasNextPage && !query.isFetchNextPageError,
    loading: query.isFetchingNextPage,
    load: () => {
      if (!query.isFetchingNextPage) void query.fetchNextPage();
    },
  };
  const table = () => (
    // The table asks for pages as long as its end is in sight, however many are empty.
    <DataTable label={label} columns={columns} rows={rows} rowId={rowId} {...(emptyPages === 0 ? { more } : {})} />
  );
  return (
    <Loaded query={query}>
      {() => (
        <>
          {news && <News key={JSON.stringify(news.queryKey)} of={news} shown={rows} rowId={rowId} />}
          {rows.length > 0 && table()}
          {emptyPages > 0 && <SearchOn more={more} emptyPages={emptyPages} hasRows={rows.length > 0} />}
          {rows.length === 0 && emptyPages === 0 && empty}
        </>
      )}
    </Loaded>
  );
}

/** How many pages without a row the list ends with. Pure. */
function emptyAtEnd(pages: readonly ListPage<unknown>[]): number {
  return pages.length - 1 - pages.findLastIndex(({ items }) => items.length > 0);
}
