import { State } from '../../../feedback/State.tsx';
import { count } from '../../../format/number.ts';
import { When } from '../../../format/When.tsx';
import { RouterAnchor } from '../../../link/links.tsx';
import { columnsOf } from '../../../table/columns.ts';
import { sumOf, verdictOf, wrongOf, type Summary } from './report.ts';

const column = columnsOf<Summary>();

export const columns = column.columns([
  column.display({
    id: 'started',
    header: 'Started',
    cell: ({ row: { original } }) => (
      <RouterAnchor to="/orders/reconciliation/$id" params={{ id: original.id }} data-row-link size="sm">
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
    id: 'rows',
    header: 'Rows',
    meta: { figure: true, wide: true },
    cell: ({ row: { original } }) =>
      count(original.state === 'finished' ? sumOf(original.systems, 'rows') : original.progress.rows),
  }),
  column.display({
    id: 'wrong',
    header: 'To look at',
    meta: { figure: true },
    cell: ({ row: { original } }) => count(wrongOf(original.systems)),
  }),
  column.display({
    id: 'by',
    header: 'By',
    meta: { wide: true },
    cell: ({ row: { original } }) => (original.is_scheduled ? 'schedule' : original.started_by),
  }),
]);
