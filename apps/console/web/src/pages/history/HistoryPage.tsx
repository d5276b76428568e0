import { Group, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Empty } from '../../feedback/Empty.tsx';
import { Page } from '../../feedback/Page.tsx';
import { RouterAnchor, RouterButton } from '../../link/links.tsx';
import { Misunderstood } from '../../list/Misunderstood.tsx';
import { PagedTable } from '../../list/PagedTable.tsx';
import { understand } from '../../url/asked.ts';
import { given } from '../../url/given.ts';
import { columns } from './columns.tsx';
import { historyQuery } from './query.ts';
import { historySearch, ofText, type HistorySearch } from './search.ts';

const route = getRouteApi('/history');

/** Who did what, when and why. */
export function HistoryPage() {
  const { search, wrong } = understand(historySearch, route.useSearch());
  return (
    <Page title="History" intro="Who did what, when and why. Nothing is removed from it.">
      {wrong.length === 0 ? (
        <History search={search} />
      ) : (
        <Misunderstood wrong={wrong}>
          <RouterAnchor to="/history" search={given(search)} size="sm">
            List without it
          </RouterAnchor>
        </Misunderstood>
      )}
    </Page>
  );
}

function History({ search }: { readonly search: HistorySearch }) {
  const found = useInfiniteQuery(historyQuery(search));
  const of = ofText(search);
  return (
    <>
      {of !== undefined && (
        <Group gap="sm">
          <Text size="sm">{of}</Text>
          <RouterButton to="/history" search={{}} variant="default">
            Show all
          </RouterButton>
        </Group>
      )}
      <PagedTable
        label="History"
        query={found}
        columns={columns}
        rowId={({ id }) => id}
        empty={
          <Empty title={of === undefined ? 'Nobody has done anything yet' : 'Nothing was done with it'}>
            Edits, redrives, discards, reconciliations, republishings and archivings stand here, and the runs that were
            asked for in this console. Runs that were asked of a system itself, by make demo or by curl, do not.
          </Empty>
        }
      />
    </>
  );
}
