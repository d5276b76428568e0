import { useInfiniteQuery } from '@tanstack/react-query';
import { Empty } from '../../feedback/Empty.tsx';
import { Page } from '../../feedback/Page.tsx';
import { RouterButton } from '../../link/links.tsx';
import { PagedTable } from '../../list/PagedTable.tsx';
import { usePipeline } from '../../pipeline/current.tsx';
import { columns } from './columns.tsx';
import { jobsQuery } from './query.ts';

/** What is being redriven or discarded, and what has been. */
export function JobsPage() {
  const jobs = useInfiniteQuery(jobsQuery(usePipeline().name));
  return (
    <Page
      title="Jobs"
      intro="Redrives and discards. They run on the server: closing this page stops nothing, a restart of the console neither."
      actions={
        <RouterButton from="/$pipeline" to="/$pipeline/dead-letters" variant="default">
          Dead letters
        </RouterButton>
      }
    >
      <PagedTable
        label="Jobs"
        query={jobs}
        columns={columns}
        rowId={({ id }) => id}
        empty={<Empty title="No jobs yet">Redrive or discard a group of dead letters, and it stands here.</Empty>}
      />
    </Page>
  );
}
