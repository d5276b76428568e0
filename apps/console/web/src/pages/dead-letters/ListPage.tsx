import { Button, Group } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo } from 'react';
import { overviewQuery } from '../../api/overview.ts';
import { BulkActions } from '../../bulk/BulkActions.tsx';
import { Empty } from '../../feedback/Empty.tsx';
import { Page } from '../../feedback/Page.tsx';
import { Panel } from '../../feedback/Panel.tsx';
import { RouterButton } from '../../link/links.tsx';
import { FilterForm } from '../../list/FilterForm.tsx';
import { PagedTable } from '../../list/PagedTable.tsx';
import { given } from '../../url/given.ts';
import { exportAddress } from './export.ts';
import { fieldsFor } from './fields.ts';
import { letterColumns } from './letter-columns.tsx';
import { deadLettersQuery, groupsQuery } from './query.ts';
import { deadLettersSearch, type DeadLettersSearch } from './search.ts';
import { SelectedActions } from './SelectedActions.tsx';
import { useSelection } from './useSelection.ts';

const route = getRouteApi('/dead-letters/list');

/** Dead letters one by one: narrowed, sorted, selected, acted on. */
export function ListPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const found = useInfiniteQuery(deadLettersQuery(search));
  const selection = useSelection(JSON.stringify(search));
  const columns = useMemo(() => letterColumns(selection), [selection]);
  return (
    <Page
      title="Dead letters"
      actions={
        <RouterButton to="/dead-letters" variant="default">
          By reason and error
        </RouterButton>
      }
    >
      <Panel title="Narrow down">
        <FilterForm
          label="Narrow down dead letters"
          fields={useFields()}
          schema={deadLettersSearch}
          values={search}
          onFilled={(filled) => void navigate({ search: filled })}
        />
      </Panel>
      <Actions search={search} selection={selection} />
      <PagedTable
        label="Dead letters"
        query={found}
        columns={columns}
        rowId={({ message_id }) => message_id}
        empty={<Empty title="No dead letter is like that">Reset the filter, or be glad.</Empty>}
      />
    </Page>
  );
}

interface ActionsProps {
  readonly search: DeadLettersSearch;
  readonly selection: ReturnType<typeof useSelection>;
}

function Actions({ search, selection }: ActionsProps) {
  const filter = { ...search, sort: undefined };
  if (selection.ids.size > 0) return <SelectedActions selection={selection} />;
  const isOpen = filter.state === undefined || filter.state === 'dead';
  return (
    <Group gap="xs">
      {isOpen && (
        <BulkActions
          selection={{ filter: given({ ...filter, state: 'dead' as const }) }}
          what="everything that matches"
          spelled
        />
      )}
      <Button component="a" href={exportAddress(filter)} download size="xs" variant="default">
        Export as NDJSON
      </Button>
    </Group>
  );
}

function useFields() {
  const systems = useQuery(overviewQuery).data?.systems.map(({ name }) => name);
  const groups = useQuery(groupsQuery).data?.groups;
  return useMemo(() => fieldsFor(systems ?? [], groups ?? []), [systems, groups]);
}
