import { Button, Center } from '@mantine/core';
import { useQuery, useQueryClient, type InfiniteData, type QueryKey } from '@tanstack/react-query';
import { count } from '../format/number.ts';
import { newerOf } from './newer.ts';
import type { ListPage } from './list-page.ts';

/** How a list with the newest first is asked whether there is something newer. */
export interface NewsOf<Page> {
  /** Of the list. */
  readonly queryKey: QueryKey;
  readonly firstPage: (signal: AbortSignal) => Promise<Page>;
}

interface NewsProps<Row, Page extends ListPage<Row>> {
  readonly of: NewsOf<Page>;
  readonly shown: readonly Row[];
  readonly rowId: (row: Row) => string;
}

/** How often the first page is asked for again, in milliseconds, and which share of the time that may take. */
const EVERY_MS = 5_000;
const SHARE = 0.05;

/** Above a list: how much is newer than what it shows, and shows it at a click. The rows stay where they are until then. */
export function News<Row, Page extends ListPage<Row>>({ of, shown, rowId }: NewsProps<Row, Page>) {
  const client = useQueryClient();
  const { data } = useQuery({
    queryKey: ['newer', ...of.queryKey],
    queryFn: async ({ signal }) => {
      const began = performance.now();
      return { page: await of.firstPage(signal), tookMs: performance.now() - began };
    },
    // The list itself has just asked.
    initialData: null,
    staleTime: EVERY_MS,
    gcTime: 0,
    retry: false,
    refetchInterval: ({ state }) => Math.max(EVERY_MS, (state.data?.tookMs ?? 0) / SHARE),
  });
  const page = data?.page;
  const newer = page && newerOf(page.items.map(rowId), shown.map(rowId), page.next_cursor !== null);
  const show = () => {
    // What lies far below is asked for again when somebody scrolls there.
    client.setQueryData<InfiniteData<Page>>(of.queryKey, (list) => list && firstOf(list));
    void client.invalidateQueries({ queryKey: of.queryKey, exact: true });
    window.scrollTo({ top: 0 });
  };
  if (newer === undefined || newer.count === 0) return null;
  return (
    <Center role="status">
      <Button size="xs" variant="light" onClick={show}>
        Show {count(newer.count)}
        {newer.isMore && ' or more'} newer
      </Button>
    </Center>
  );
}

const firstOf = <Page,>({ pages, pageParams }: InfiniteData<Page>): InfiniteData<Page> => ({
  pages: pages.slice(0, 1),
  pageParams: pageParams.slice(0, 1),
});
