import { Alert, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Loaded } from '../../feedback/Loaded.tsx';
import { Page } from '../../feedback/Page.tsx';
import { Panel } from '../../feedback/Panel.tsx';
import { State } from '../../feedback/State.tsx';
import { When } from '../../format/When.tsx';
import { RouterAnchor, RouterButton } from '../../link/links.tsx';
import { Misunderstood } from '../../list/Misunderstood.tsx';
import { usePipeline } from '../../pipeline/current.tsx';
import { understand } from '../../url/asked.ts';
import { given } from '../../url/given.ts';
import { problemLines, verdictOf, type BooksReport, type BooksRun } from '../books/books-text.ts';
import { booksRunQuery } from '../books/query.ts';
import { StartButton } from '../books/StartButton.tsx';
import { Items } from './Items.tsx';
import { Origins } from './Origins.tsx';
import { itemsSearch } from './search.ts';

const route = getRouteApi('/$pipeline/books/$id');

/** The books at one time: whether they add up, the counts of each origin, and what must be looked at. */
export function BooksRunPage() {
  const { id } = route.useParams();
  const run = useQuery(booksRunQuery(usePipeline().name, id));
  return (
    <Page
      title="Books"
      intro={run.data && <Times run={run.data} />}
      actions={
        <>
          <RouterButton from="/$pipeline" to="/$pipeline/books" variant="default">
            All
          </RouterButton>
          <StartButton />
        </>
      }
    >
      <Loaded query={run}>{(data) => <Whole run={data} />}</Loaded>
    </Page>
  );
}

function Times({ run: { started_at, ended_at, started_by } }: { readonly run: BooksRun }) {
  return (
    <>
      <When at={started_at} />
      {ended_at !== null && (
        <>
          {' to '}
          <When at={ended_at} />
        </>
      )}
      , by {started_by}
    </>
  );
}

function Whole({ run }: { readonly run: BooksRun }) {
  const { id, state, report, error } = run;
  const { search, wrong } = understand(itemsSearch, route.useSearch());
  const { tone, words } = verdictOf(run);
  return (
    <Stack>
      <Panel title="Result" aside={<State tone={tone}>{words}</State>}>
        {error !== null && (
          <Alert color="red" variant="outline" mb="sm">
            {error}
          </Alert>
        )}
        {report !== null && <Problems report={report} />}
        {report !== null && <Origins report={report} />}
        {state === 'running' && <Text size="sm">Everything that was accepted is being looked for.</Text>}
      </Panel>
      {wrong.length > 0 && (
        <Misunderstood wrong={wrong}>
          <RouterAnchor from="/$pipeline" to="/$pipeline/books/$id" params={{ id }} search={given(search)} size="sm">
            List without it
          </RouterAnchor>
        </Misunderstood>
      )}
      {wrong.length === 0 && report !== null && <Items id={id} report={report} search={search} />}
    </Stack>
  );
}

function Problems({ report }: { readonly report: BooksReport }) {
  const lines = problemLines(report);
  if (lines.length === 0) return null;
  return (
    <Alert color="red" variant="outline" mb="sm" title="To look at">
      {lines.map((line) => (
        <Text key={line} size="sm">
          {line}
        </Text>
      ))}
    </Alert>
  );
}
