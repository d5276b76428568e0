import { Button, Group } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo } from 'react';
import { overviewQuery } from '../../api/overview.ts';
import { BulkActions } from '../../bulk/BulkActions.tsx';
import { Empty } from '../../feedback/Empty.tsx';
import { Page } from '../../feedback/Page.tsx';
import { Panel } from '../../feedback/Panel.tsx';
import { RouterAnchor, RouterButton } from '../../link/links.tsx';
import { FilterForm } from '../../list/FilterForm.tsx';
import { Misunderstood } from '../../list/Misunderstood.tsx';
import { PagedTable } from '../../list/PagedTable.tsx';
import { usePipeline } from '../../pipeline/current.tsx';
import { understand } from '../../url/asked.ts';
import { given } from '../../url/given.ts';
import { exportAddress } from './export.ts';
import { fieldsFor } from './fields.ts';
import { columnsOfLetters } from './letter-columns.tsx';
import { mayHoldOpen } from './open.ts';
import { deadLettersNews, deadLettersQuery, groupsQuery } from './query.ts';
import { deadLettersSearch, FORMER_NAMES, type DeadLettersSearch } from './search.ts';
import { SelectedActions } from './SelectedActions.tsx';
import { TickedLetters, useSelection, type Ticked } from './useSelection.ts';

const route = getRouteApi('/$pipeline/dead-letters/list');

/** Dead letters one by one: narrowed, sorted, selected, acted on. */
export function ListPage() {
  const { search, wrong } = understand(deadLettersSearch, route.useSearch(), FORMER_NAMES);
  const navigate = route.useNavigate();
  return (
    <Page
      title="Dead letters"
      actions={
        <RouterButton from="/$pipeline" to="/$pipeline/dead-letters" variant="default">
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
      {wrong.length === 0 ? (
        <Letters search={search} />
      ) : (
        <Misunderstood wrong={wrong}>
          <RouterAnchor from="/$pipeline" to="/$pipeline/dead-letters/list" search={given(search)} size="sm">
            List without it
          </RouterAnchor>
        </Misunderstood>
      )}
    </Page>
  );
}

function Letters({ search }: { readonly search: DeadLettersSearch }) {
  const pipeline = usePipeline();
  const { name } = pipeline;
  const columns = useMemo(() => columnsOfLetters(pipeline), [pipeline]);
  const found = useInfiniteQuery(deadLettersQuery(name, search));
  const selection = useSelection(JSON.stringify(search));
  return (
    <TickedLetters value={selection}>
      <Actions search={search} selection={selection} mayActOnAll={mayHoldOpen(found)} />
      <PagedTable
        label="Dead letters"
        query={found}
        columns={columns}
        news={deadLettersNews(name, search)}
        rowId={({ message_id }) => message_id}
        empty={<Empty title="No dead letter is like that">Reset the filter, or be glad.</Empty>}
      />
    </TickedLetters>
  );
}

interface ActionsProps {
  readonly search: DeadLettersSearch;
  readonly selection: Ticked;
  readonly mayActOnAll: boolean;
}

function Actions({ search, selection, mayActOnAll }: ActionsProps) {
  const { name } = usePipeline();
  const filter = { ...search, sort: undefined };
  if (selection.ids.size > 0) return <SelectedActions selection={selection} />;
  return (
    <Group gap="xs">
      {mayActOnAll && (
        <BulkActions
          selection={{ filter: given({ ...filter, state: 'dead' as const }) }}
          what="everything that matches"
          spelled
        />
      )}
      <Button component="a" href={exportAddress(name, filter)} download size="xs" variant="default">
        Export as NDJSON
      </Button>
    </Group>
  );
}

function useFields() {
  const pipeline = usePipeline();
  const { name } = pipeline;
  const systems = useQuery(overviewQuery(name)).data?.systems.map((one) => one.name);
  const groups = useQuery(groupsQuery(name)).data?.groups;
  return useMemo(() => fieldsFor(pipeline, systems ?? [], groups ?? []), [pipeline, systems, groups]);
}
