import { Alert, Progress, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Loaded } from '../../feedback/Loaded.tsx';
import { Page } from '../../feedback/Page.tsx';
import { Panel } from '../../feedback/Panel.tsx';
import { State } from '../../feedback/State.tsx';
import { count } from '../../format/number.ts';
import { RouterButton } from '../../link/links.tsx';
import { usePipeline } from '../../pipeline/current.tsx';
import { mayOf, progressOf, stoppedText, titleOf, TONES, type Job } from '../jobs/job-text.ts';
import { JobActions } from './JobActions.tsx';
import { JobFacts } from './JobFacts.tsx';
import { jobQuery } from './query.ts';

const route = getRouteApi('/$pipeline/dead-letters/jobs/$jobId');

/** One job: how far it is, what failed again, and how to hold it. */
export function JobPage() {
  const { jobId } = route.useParams();
  const job = useQuery(jobQuery(usePipeline().name, jobId));
  return (
    <Page
      title={job.data === undefined ? `Job ${jobId}` : titleOf(job.data)}
      intro={`Job ${jobId}`}
      actions={
        <RouterButton from="/$pipeline" to="/$pipeline/dead-letters/jobs" variant="default">
          All jobs
        </RouterButton>
      }
    >
      <Loaded query={job}>{(data) => <Whole job={data} />}</Loaded>
    </Page>
  );
}

function Whole({ job }: { readonly job: Job }) {
  return (
    <Panel title="Progress" aside={<State tone={TONES[job.state]}>{job.state}</State>}>
      <Stack>
        <div>
          <Progress.Root size="lg">
            <Progress.Section value={progressOf(job)} aria-label="Handled" />
          </Progress.Root>
          <Text size="sm" mt={4} aria-live="polite">
            {count(job.handled)} of {count(job.total)}
            {!job.is_frozen && ', and still counting'}
          </Text>
        </div>
        <Note job={job} />
        <JobActions job={job} />
        <JobFacts job={job} />
      </Stack>
    </Panel>
  );
}

/** Why it stands still, or what it still does. */
function Note({ job }: { readonly job: Job }) {
  const { state, note } = job;
  if (state === 'stopped') {
    return (
      <Alert variant="outline" color="red" title="It stopped itself">
        {stoppedText(job)}
      </Alert>
    );
  }
  if (note === null) return null;
  const isOver = !mayOf(job).cancel;
  return (
    <Alert variant="outline" color={isOver ? 'gray' : 'orange'}>
      It {isOver && 'still '}
      {note}
    </Alert>
  );
}
