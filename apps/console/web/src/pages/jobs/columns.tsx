import { State } from '../../feedback/State.tsx';
import { count } from '../../format/number.ts';
import { When } from '../../format/When.tsx';
import { RouterAnchor } from '../../link/links.tsx';
import { columnsOf } from '../../table/columns.ts';
import { TONES, titleOf, type Job } from './job-text.ts';

const column = columnsOf<Job>();

export const columns = column.columns([
  column.display({
    id: 'job',
    header: 'Job',
    cell: ({ row: { original: job } }) => (
      <RouterAnchor to="/dead-letters/jobs/$jobId" params={{ jobId: job.id }} data-row-link size="sm">
        {titleOf(job)}
      </RouterAnchor>
    ),
  }),
  column.accessor('state', {
    header: 'State',
    cell: ({ getValue }) => <State tone={TONES[getValue()]}>{getValue()}</State>,
  }),
  column.display({
    id: 'progress',
    header: 'Done',
    meta: { figure: true },
    cell: ({ row: { original: job } }) => `${count(job.handled)} of ${count(job.total)}`,
  }),
  column.accessor('failed_again', {
    header: 'Failed again',
    meta: { figure: true, wide: true },
    cell: ({ getValue }) => count(getValue()),
  }),
  column.accessor('by', { header: 'Who', meta: { wide: true } }),
  column.accessor('why', { header: 'Why', meta: { wide: true } }),
  column.accessor('created_at', { header: 'Started', cell: ({ getValue }) => <When at={getValue()} /> }),
]);
