import { Text } from '@mantine/core';
import { State } from '../../feedback/State.tsx';
import { count } from '../../format/number.ts';
import { When } from '../../format/When.tsx';
import { RouterAnchor } from '../../link/links.tsx';
import { columnsOf } from '../../table/columns.ts';
import { TONES, titleOf, type Job } from './job-text.ts';

const column = columnsOf<Job>();
const doneText = ({ handled, total }: Job) => `${count(handled)} of ${count(total)}`;

export const columns = column.columns([
  column.display({
    id: 'job',
    header: 'Job',
    // However long the reasons beside it are.
    meta: { width: 'min(16em, 40vw)' },
    cell: ({ row: { original: job } }) => (
      <RouterAnchor
        from="/$pipeline"
        to="/$pipeline/dead-letters/jobs/$jobId"
        params={{ jobId: job.id }}
        data-row-link
        size="sm"
      >
        {titleOf(job)}
      </RouterAnchor>
    ),
  }),
  column.accessor('state', {
    header: 'State',
    cell: ({ row: { original: job } }) => (
      <>
        <State tone={TONES[job.state]}>{job.state}</State>
        <Text size="xs" c="dimmed" hiddenFrom="md">
          {doneText(job)}
        </Text>
      </>
    ),
  }),
  column.display({
    id: 'progress',
    header: 'Done',
    meta: { figure: true, wide: true },
    cell: ({ row: { original: job } }) => doneText(job),
  }),
  column.accessor('failed_again', {
    header: 'Failed again',
    meta: { figure: true, wide: true },
    cell: ({ getValue }) => count(getValue()),
  }),
  column.accessor('by', { header: 'Who', meta: { wide: true, unbroken: true } }),
  column.accessor('why', { header: 'Why', meta: { wide: true } }),
  column.accessor('created_at', {
    header: 'Started',
    meta: { wide: true },
    cell: ({ getValue }) => <When at={getValue()} />,
  }),
]);
