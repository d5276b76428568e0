import { State } from '../../feedback/State.tsx';
import { count } from '../../format/number.ts';
import { When } from '../../format/When.tsx';
import { RouterAnchor } from '../../link/links.tsx';
import { columnsOf } from '../../table/columns.ts';
import { acceptedIn, verdictOf, wrongIn, type BooksReport, type BooksRun } from './books-text.ts';

const column = columnsOf<BooksRun>();
const figure = (report: BooksRun['report'], of: (known: BooksReport) => number) =>
  report === null ? '–' : count(of(report));

export const columns = column.columns([
  column.display({
    id: 'started',
    header: 'Started',
    cell: ({ row: { original } }) => (
      <RouterAnchor from="/$pipeline" to="/$pipeline/books/$id" params={{ id: original.id }} data-row-link size="sm">
        <When at={original.started_at} />
      </RouterAnchor>
    ),
  }),
  column.display({
    id: 'verdict',
    header: 'Result',
    cell: ({ row: { original } }) => {
      const { tone, words } = verdictOf(original);
      return <State tone={tone}>{words}</State>;
    },
  }),
  column.display({
    id: 'accepted',
    header: 'Accepted',
    meta: { figure: true, wide: true },
    cell: ({ row: { original } }) => figure(original.report, acceptedIn),
  }),
  column.display({
    id: 'wrong',
    header: 'To look at',
    meta: { figure: true },
    cell: ({ row: { original } }) => figure(original.report, wrongIn),
  }),
  column.accessor('started_by', { header: 'By', meta: { wide: true } }),
]);
