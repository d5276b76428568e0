import { Alert, Progress, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Loaded } from '../../../feedback/Loaded.tsx';
import { Page } from '../../../feedback/Page.tsx';
import { Panel } from '../../../feedback/Panel.tsx';
import { State } from '../../../feedback/State.tsx';
import { When } from '../../../format/When.tsx';
import { RouterAnchor, RouterButton } from '../../../link/links.tsx';
import { Misunderstood } from '../../../list/Misunderstood.tsx';
import { understand } from '../../../url/asked.ts';
import { given } from '../../../url/given.ts';
import { reconciliationQuery } from '../reconciliation/query.ts';
import { progressText, verdictOf, type Report } from '../reconciliation/report.ts';
import { StartButton } from '../reconciliation/StartButton.tsx';
import { Days } from './Days.tsx';
import { Kinds } from './Kinds.tsx';
import { Rows } from './Rows.tsx';
import { narrowed, narrowedText, rowsSearch, type RowsSearch } from './search.ts';
import { Systems } from './Systems.tsx';
import { Taken } from './Taken.tsx';

const route = getRouteApi('/orders/reconciliation/$id');

/** One reconciliation: its counts, and the rows that must be looked at. */
export function RowsPage() {
  const { id } = route.useParams();
  const report = useQuery(reconciliationQuery(id));
  return (
    <Page
      title="Reconciliation"
      intro={report.data && <Times report={report.data} />}
      actions={
        <>
          <RouterButton to="/orders/reconciliation" variant="default">
            All
          </RouterButton>
          <StartButton />
        </>
      }
    >
      <Loaded query={report}>{(data) => <Whole report={data} />}</Loaded>
    </Page>
  );
}

function Times({ report: { started_at, ended_at, started_by } }: { readonly report: Report }) {
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

function Whole({ report }: { readonly report: Report }) {
  const { search, wrong } = understand(rowsSearch, route.useSearch());
  const isUnderstood = wrong.length === 0;
  const { tone, words } = verdictOf(report);
  return (
    <Stack>
      <Panel title="Result" aside={<State tone={tone}>{words}</State>}>
        {report.error !== null && (
          <Alert color="red" variant="outline" mb="sm">
            {report.error}
          </Alert>
        )}
        {report.state === 'running' ? <Running report={report} /> : <Systems systems={report.systems} />}
        <Taken report={report} />
      </Panel>
      {report.state === 'finished' && <Kinds report={report} search={isUnderstood ? search : undefined} />}
      {isUnderstood ? (
        <Listed report={report} search={search} />
      ) : (
        <Misunderstood wrong={wrong}>
          <RouterAnchor to="/orders/reconciliation/$id" params={{ id: report.id }} search={given(search)} size="sm">
            List without it
          </RouterAnchor>
        </Misunderstood>
      )}
    </Stack>
  );
}

function Listed({ report: { id, days }, search }: { readonly report: Report; readonly search: RowsSearch }) {
  const { kind } = search;
  if (kind !== undefined) return <Rows id={id} search={{ ...search, kind }} />;
  const of = narrowedText(search);
  const ofThem = narrowed(days, search);
  return (
    <>
      {of !== '' && (
        <Text size="sm" c="dimmed">
          By day: {of}
        </Text>
      )}
      <Days days={ofThem} isNarrowed={ofThem.length < days.length} />
    </>
  );
}

function Running({ report: { progress } }: { readonly report: Report }) {
  const share = progress.estimate === 0 ? 0 : (progress.rows / progress.estimate) * 100;
  return (
    <div>
      <Progress.Root size="lg">
        <Progress.Section value={Math.min(100, share)} aria-label="Rows read" />
      </Progress.Root>
      <Text size="sm" mt={4}>
        {progressText(progress)}
      </Text>
    </div>
  );
}
