import { Checkbox, Text, VisuallyHidden } from '@mantine/core';
import { use } from 'react';
import type { Answer } from '../../api/answers.ts';
import { ErrorText } from '../../feedback/ErrorText.tsx';
import { State, type Tone } from '../../feedback/State.tsx';
import { count } from '../../format/number.ts';
import { When } from '../../format/When.tsx';
import { RouterAnchor } from '../../link/links.tsx';
import type { Pipeline } from '../../pipeline/query.ts';
import { columnsOf } from '../../table/columns.ts';
import { TickedLetters } from './useSelection.ts';

type Letter = Answer<'/v0/pipelines/{pipeline}/dead-letters'>['items'][number];

export const LETTER_TONES = { dead: 'bad', redriven: 'busy', discarded: 'calm' } as const satisfies Record<
  Letter['state'],
  Tone
>;

const column = columnsOf<Letter>();
const nameOf = ({ origin, key, message_id }: Letter) =>
  origin === null ? message_id : `${origin} ${key ?? message_id}`;

const lane = column.accessor('lane', { header: 'Lane', meta: { wide: true, unbroken: true } });

/**
 * The columns of a pipeline's list; the first ticks. They are the same whatever is ticked: others would mount each cell
 * anew. Pure.
 */
export const columnsOfLetters = ({ lanes, words }: Pick<Pipeline, 'lanes' | 'words'>) =>
  column.columns([
    column.display({
      id: 'tick',
      header: () => <VisuallyHidden>Select</VisuallyHidden>,
      meta: { width: '44px' },
      cell: ({ row: { original } }) => <Tick messageId={original.message_id} name={nameOf(original)} />,
    }),
    column.display({
      id: 'row',
      header: words.key,
      meta: { unbroken: true },
      cell: ({ row: { original } }) => (
        <RouterAnchor
          from="/$pipeline"
          to="/$pipeline/dead-letters/$messageId"
          params={{ messageId: original.message_id }}
          data-row-link
          size="sm"
        >
          {nameOf(original)}
        </RouterAnchor>
      ),
    }),
    ...(lanes.length > 1 ? [lane] : []),
    column.accessor('state', {
      header: 'State',
      cell: ({ getValue }) => <State tone={LETTER_TONES[getValue()]}>{getValue()}</State>,
    }),
    column.accessor('reason', { header: 'Reason', meta: { wide: true } }),
    column.accessor('error', {
      header: 'Error',
      meta: { wide: true },
      cell: ({ getValue }) => (
        <Text span inherit lineClamp={3}>
          <ErrorText error={getValue()} />
        </Text>
      ),
    }),
    column.accessor('attempts', {
      header: 'Attempts',
      meta: { figure: true, wide: true },
      cell: ({ getValue }) => count(getValue()),
    }),
    column.accessor('round', { header: 'Round', meta: { figure: true, wide: true } }),
    column.accessor('dead_at', { header: 'Died', cell: ({ getValue }) => <When at={getValue()} /> }),
  ]);

function Tick({ messageId, name }: { readonly messageId: string; readonly name: string }) {
  const { ids, toggle } = use(TickedLetters);
  return (
    <Checkbox
      size="xs"
      aria-label={`Select ${name}`}
      checked={ids.has(messageId)}
      onChange={() => {
        toggle(messageId);
      }}
    />
  );
}
