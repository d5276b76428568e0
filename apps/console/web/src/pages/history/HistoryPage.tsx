import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Empty } from '../../feedback/Empty.tsx';
import { Page } from '../../feedback/Page.tsx';
import { PagedTable } from '../../list/PagedTable.tsx';
import { columns } from './columns.tsx';
import { historyQuery } from './query.ts';

const route = getRouteApi('/history');

/** Who did what, when and why. */
export function HistoryPage() {
  const found = useInfiniteQuery(historyQuery(route.useSearch()));
  return (
    <Page title="History" intro="Who did what, when and why. Nothing is removed from it.">
      <PagedTable
        label="History"
        query={found}
        columns={columns}
        rowId={({ id }) => id}
        empty={
          <Empty title="Nobody has done anything yet">
            Edits, redrives, discards and republishings stand here, and the runs that were asked for in this console.
            Runs that were asked of a system itself, by make demo or by curl, do not.
          </Empty>
        }
      />
    </Page>
  );
}
