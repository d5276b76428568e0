import { Text } from '@mantine/core';
import type { Answer } from '../../api/answers.ts';
import { ErrorText } from '../../feedback/ErrorText.tsx';
import { State, type Tone } from '../../feedback/State.tsx';
import { count } from '../../format/number.ts';
import { When } from '../../format/When.tsx';
import { RouterAnchor } from '../../link/links.tsx';
import type { Pipeline } from '../../pipeline/query.ts';
import { columnsOf } from '../../table/columns.ts';

export type Attempt = Answer<'/v0/pipelines/{pipeline}/attempts'>['items'][number];

const TONES = {
  succeeded: 'good',
  failed: 'warning',
  'dead-lettered': 'bad',
  invalid: 'bad',
} as const satisfies Record<Attempt['status'], Tone>;

const column = columnsOf<Attempt>();

const nameOf = ({ origin, key, message_id }: Attempt) => (origin === null ? message_id : `${origin} ${key ?? '?'}`);
const numberOf = ({ attempt, max_attempts: most, round }: Attempt) =>
  `${attempt} of ${most}${round > 1 ? `, round ${round}` : ''}`;

/** The columns of a pipeline's list. Pure. */
export const columnsOfAttempts = ({ words }: Pick<Pipeline, 'words'>) =>
  column.columns([
    column.display({
      id: 'key',
      header: words.key,
      meta: { unbroken: true },
      cell: ({ row: { original } }) => (
        <RouterAnchor
          from="/$pipeline"
          to="/$pipeline/attempts"
          search={{ message_id: original.message_id }}
          data-row-link
          size="sm"
        >
          {nameOf(original)}
        </RouterAnchor>
      ),
    }),
    column.accessor('status', {
      header: 'Outcome',
      cell: ({ getValue }) => <State tone={TONES[getValue()]}>{getValue()}</State>,
    }),
    column.display({
      id: 'attempt',
      header: 'Attempt',
      meta: { figure: true, wide: true },
      cell: ({ row: { original } }) => numberOf(original),
    }),
    column.accessor('error', {
      header: 'Error',
      meta: { wide: true },
      cell: ({ getValue }) => {
        const error = getValue();
        return error === null ? null : (
          <Text span inherit lineClamp={3}>
            <ErrorText error={error} />
          </Text>
        );
      },
    }),
    column.accessor('duration_ms', {
      header: 'Took',
      meta: { figure: true, wide: true },
      cell: ({ getValue }) => `${count(getValue())} ms`,
    }),
    column.accessor('worker', { header: 'Worker', meta: { wide: true } }),
    column.accessor('processed_at', { header: 'When', cell: ({ getValue }) => <When at={getValue()} /> }),
  ]);
