import { useInfiniteQuery } from '@tanstack/react-query';
import { Empty } from '../../../feedback/Empty.tsx';
import { Page } from '../../../feedback/Page.tsx';
import { PagedTable } from '../../../list/PagedTable.tsx';
import { Archivings } from './Archivings.tsx';
import { columns } from './columns.tsx';
import { reconciliationsQuery } from './query.ts';
import { StartButton } from './StartButton.tsx';

/** Does it add up? Every reconciliation there was, and a button for another. */
export function ReconciliationPage() {
  const found = useInfiniteQuery(reconciliationsQuery);
  return (
    <Page
      title="Reconciliation"
      intro="Every row of every source is stored, dead, discarded, on its way or still to be published. What is none of these is missing."
      actions={<StartButton />}
    >
      <PagedTable
        label="Reconciliations"
        query={found}
        columns={columns}
        rowId={({ id }) => id}
        empty={<Empty title="Not reconciled yet">Reconcile now: it reads every table row by row, page by page.</Empty>}
      />
      <Archivings />
    </Page>
  );
}
