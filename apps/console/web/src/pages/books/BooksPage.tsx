import { useInfiniteQuery } from '@tanstack/react-query';
import { Empty } from '../../feedback/Empty.tsx';
import { Page } from '../../feedback/Page.tsx';
import { PagedTable } from '../../list/PagedTable.tsx';
import { usePipeline } from '../../pipeline/current.tsx';
import { columns } from './columns.tsx';
import { booksQuery } from './query.ts';
import { StartButton } from './StartButton.tsx';

/** Does it add up? Each time the books were made up, and a button for another. */
export function BooksPage() {
  return (
    <Page
      title="Books"
      intro="All that was accepted is done, dead, discarded, in flight or still to be sent. What is none of these is listed."
      actions={<StartButton />}
    >
      <PagedTable
        label="Books"
        query={useInfiniteQuery(booksQuery(usePipeline().name))}
        columns={columns}
        rowId={({ id }) => id}
        empty={<Empty title="Not made up yet">Make up the books: everything that was accepted is looked for.</Empty>}
      />
    </Page>
  );
}
