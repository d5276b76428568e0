import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo } from 'react';
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
import { columnsOfAttempts, type Attempt } from './columns.tsx';
import { fieldsFor } from './fields.ts';
import { attemptsNews, attemptsQuery } from './query.ts';
import { attemptsSearch, type AttemptsSearch } from './search.ts';

const route = getRouteApi('/$pipeline/attempts');
const rowId = ({ message_id, round, attempt }: Attempt) => `${message_id} ${round} ${attempt}`;

/** What was tried lately, by whom, and how it ended. */
export function AttemptsPage() {
  const { search, wrong } = understand(attemptsSearch, route.useSearch());
  const { words } = usePipeline();
  const navigate = route.useNavigate();
  const fields = useMemo(() => fieldsFor(words), [words]);
  return (
    <Page
      title="Attempts"
      intro="The latest first, as long as they are remembered."
      actions={<DeadLetterOf search={search} />}
    >
      <Panel title="Search">
        <FilterForm
          label="Search attempts"
          fields={fields}
          schema={attemptsSearch}
          values={search}
          onFilled={(filled) => void navigate({ search: filled })}
        />
      </Panel>
      {wrong.length === 0 ? (
        <Found search={search} />
      ) : (
        <Misunderstood wrong={wrong}>
          <RouterAnchor from="/$pipeline" to="/$pipeline/attempts" search={given(search)} size="sm">
            Search without it
          </RouterAnchor>
        </Misunderstood>
      )}
    </Page>
  );
}

function Found({ search }: { readonly search: AttemptsSearch }) {
  const pipeline = usePipeline();
  const columns = useMemo(() => columnsOfAttempts(pipeline), [pipeline]);
  return (
    <PagedTable
      label="Attempts"
      query={useInfiniteQuery(attemptsQuery(pipeline.name, search))}
      columns={columns}
      news={attemptsNews(pipeline.name, search)}
      rowId={rowId}
      empty={<Empty title="No attempt is like that">Search for less: the log of attempts forgets after a while.</Empty>}
    />
  );
}

/** The way to the dead letter, where all attempts of one message are shown and the last of them ended it. */
function DeadLetterOf({ search }: { readonly search: AttemptsSearch }) {
  const { name } = usePipeline();
  const messageId = search.message_id;
  const [latest] = useInfiniteQuery(attemptsQuery(name, search)).data?.pages[0]?.items ?? [];
  if (messageId === undefined || latest === undefined || !isDead(latest)) return null;
  return (
    <RouterButton from="/$pipeline" to="/$pipeline/dead-letters/$messageId" params={{ messageId }} variant="default">
      Its dead letter
    </RouterButton>
  );
}

const isDead = ({ status }: Attempt) => status === 'dead-lettered' || status === 'invalid';
