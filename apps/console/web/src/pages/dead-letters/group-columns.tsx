import { Code, Text } from '@mantine/core';
import type { Answer } from '../../api/answers.ts';
import { BulkActions } from '../../bulk/BulkActions.tsx';
import { Sparkline } from '../../chart/Sparkline.tsx';
import { count } from '../../format/number.ts';
import { When } from '../../format/When.tsx';
import { RouterAnchor } from '../../link/links.tsx';
import * as v from 'valibot';
import { columnsOf } from '../../table/columns.ts';
import { given } from '../../url/given.ts';
import { deadLettersSearch } from './search.ts';

type DeadLetterGroup = Answer<'/v0/pipelines/{pipeline}/dead-letters/groups'>['groups'][number];

const column = columnsOf<DeadLetterGroup>();
/** Exactly this group, as the list's address says it. */
const filterOf = ({ reason, error_code }: DeadLetterGroup) =>
  given(v.parse(deadLettersSearch, { state: 'dead', reason, error_code }));

export const groupColumns = column.columns([
  column.display({
    id: 'reason',
    header: 'Reason and error',
    cell: ({ row: { original: group } }) => (
      <>
        <RouterAnchor
          from="/$pipeline"
          to="/$pipeline/dead-letters/list"
          search={filterOf(group)}
          data-row-link
          size="sm"
          fw={600}
        >
          {group.reason}
        </RouterAnchor>{' '}
        <Code>{group.error_code}</Code>
        <Text size="xs" c="dimmed" lineClamp={2}>
          {group.example.message}
        </Text>
      </>
    ),
  }),
  column.accessor('count', {
    header: 'Open',
    meta: { figure: true },
    cell: ({ getValue }) => (
      <Text span size="sm" fw={600}>
        {count(getValue())}
      </Text>
    ),
  }),
  column.display({
    id: 'spark',
    header: 'When they died',
    meta: { wide: true },
    cell: ({ row: { original: group } }) => (
      <Sparkline
        values={group.sparkline}
        label={`${count(group.count)} between ${group.first_dead_at} and ${group.last_dead_at}`}
      />
    ),
  }),
  column.accessor('first_dead_at', {
    header: 'First seen',
    meta: { wide: true },
    cell: ({ getValue }) => <When at={getValue()} />,
  }),
  column.accessor('last_dead_at', {
    header: 'Last seen',
    meta: { wide: true },
    cell: ({ getValue }) => <When at={getValue()} />,
  }),
  column.display({
    id: 'act',
    header: 'All of them',
    cell: ({ row: { original: group } }) => (
      <BulkActions selection={{ filter: filterOf(group) }} what={`${group.reason}, ${group.error_code}`} />
    ),
  }),
]);
