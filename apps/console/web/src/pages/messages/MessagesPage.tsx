import { Alert, Text } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { overviewQuery } from '../../api/overview.ts';
import { Empty } from '../../feedback/Empty.tsx';
import { Page } from '../../feedback/Page.tsx';
import { Panel } from '../../feedback/Panel.tsx';
import { FilterForm } from '../../list/FilterForm.tsx';
import { PagedTable } from '../../list/PagedTable.tsx';
import { columns } from './columns.tsx';
import { fieldsFor } from './fields.ts';
import { messagesQuery } from './query.ts';
import { messagesSearch } from './search.ts';

const route = getRouteApi('/messages');

/** Finds messages, by an index for every question. */
export function MessagesPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const systems = useQuery(overviewQuery).data?.systems.map(({ name }) => name) ?? [];
  const found = useInfiniteQuery(messagesQuery(search));
  const index = found.data?.pages[0]?.index;
  const unsearched = new Set(found.data?.pages.flatMap((page) => page.unsearched));
  return (
    <Page title="Messages" intro="Every order that was published: where it is, and what happened to it.">
      <Panel title="Search">
        <FilterForm
          label="Search messages"
          fields={fieldsFor(systems)}
          schema={messagesSearch}
          values={search}
          onFilled={(filled) => void navigate({ search: filled })}
        />
      </Panel>
      {index !== undefined && (
        <Text size="xs" c="dimmed">
          Answered by the index {index}.
        </Text>
      )}
      {unsearched.size > 0 && (
        <Alert role="alert" variant="outline" color="orange" title="Not everything was searched">
          {[...unsearched].map((why) => (
            <Text key={why} size="sm">
              {why}
            </Text>
          ))}
        </Alert>
      )}
      <PagedTable
        label="Messages"
        query={found}
        columns={columns}
        rowId={({ message_id }) => message_id}
        empty={
          <Empty title="No message is like that">
            Search for less, or wait: the log of attempts forgets after a while, a message id or a source id is found
            for ever. Nothing at all yet? Run a system on the overview.
          </Empty>
        }
      />
    </Page>
  );
}
