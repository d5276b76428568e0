import { useQuery } from '@tanstack/react-query';
import { Empty } from '../../feedback/Empty.tsx';
import { Loaded } from '../../feedback/Loaded.tsx';
import { Page } from '../../feedback/Page.tsx';
import { RouterButton } from '../../link/links.tsx';
import { DataTable } from '../../table/DataTable.tsx';
import { usePipeline } from '../../pipeline/current.tsx';
import { groupColumns } from './group-columns.tsx';
import { groupsQuery } from './query.ts';

/** What failed and why, largest first: most failures are one mistake many times. */
export function GroupsPage() {
  const groups = useQuery(groupsQuery(usePipeline().name));
  return (
    <Page
      title="Dead letters"
      intro="Messages that ran out of attempts or can never succeed, by reason and error. Open a group, or act on all of it."
      actions={
        <>
          <RouterButton
            from="/$pipeline"
            to="/$pipeline/dead-letters/list"
            search={{ state: 'dead' }}
            variant="default"
          >
            All as a list
          </RouterButton>
          <RouterButton from="/$pipeline" to="/$pipeline/dead-letters/jobs" variant="default">
            Jobs
          </RouterButton>
        </>
      }
    >
      <Loaded query={groups}>
        {({ groups: rows }) =>
          rows.length === 0 ? (
            <Empty title="No open dead letters">
              Every message that was attempted is stored, on its way, or has been dealt with. The list shows those of
              the past too.
            </Empty>
          ) : (
            <DataTable
              label="Groups of dead letters"
              columns={groupColumns}
              rows={rows}
              rowId={({ reason, error_code }) => `${reason} ${error_code}`}
            />
          )
        }
      </Loaded>
    </Page>
  );
}
