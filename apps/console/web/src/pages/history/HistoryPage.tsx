import { Alert, Group, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Empty } from '../../feedback/Empty.tsx';
import { Page } from '../../feedback/Page.tsx';
import { RouterAnchor, RouterButton } from '../../link/links.tsx';
import { Misunderstood } from '../../list/Misunderstood.tsx';
import { PagedTable } from '../../list/PagedTable.tsx';
import { understand } from '../../url/asked.ts';
import { given } from '../../url/given.ts';
import { usePipeline } from '../../pipeline/current.tsx';
import { columns } from './columns.tsx';
import { historyQuery } from './query.ts';
import { historySearch, ofText, type HistorySearch } from './search.ts';

const route = getRouteApi('/$pipeline/history');

/** Who did what, when and why. */
export function HistoryPage() {
  const { search, wrong } = understand(historySearch, route.useSearch());
  return (
    <Page title="History" intro="Who did what, when and why. Nothing is removed from it.">
      {wrong.length === 0 ? (
        <History search={search} />
      ) : (
        <Misunderstood wrong={wrong}>
          <RouterAnchor from="/$pipeline" to="/$pipeline/history" search={given(search)} size="sm">
            List without it
          </RouterAnchor>
        </Misunderstood>
      )}
    </Page>
  );
}

function History({ search }: { readonly search: HistorySearch }) {
  const found = useInfiniteQuery(historyQuery(usePipeline().name, search));
  const of = ofText(search);
  const missing = found.data?.pages[0]?.missing ?? null;
  return (
    <>
      {of !== undefined && (
        <Group gap="sm">
          <Text size="sm">{of}</Text>
          <RouterButton from="/$pipeline" to="/$pipeline/history" search={{}} variant="default">
            Show all
          </RouterButton>
        </Group>
      )}
      {missing !== null && (
        <Alert
          role="alert"
          variant="outline"
          color="orange"
          title="What was asked of the systems themselves lately is not here yet"
        >
          It comes when it can be taken from Redis. {missing}
        </Alert>
      )}
      <PagedTable
        label="History"
        query={found}
        columns={columns}
        rowId={({ id }) => id}
        empty={
          <Empty title={of === undefined ? 'Nobody has done anything yet' : 'Nothing was done with it'}>
            Edits, redrives, discards, reconciliations, republishings and archivings stand here, and what the systems
            were asked for: runs, stops, imports. Also what was asked of a system itself, by make demo or by curl.
          </Empty>
        }
      />
    </>
  );
}
