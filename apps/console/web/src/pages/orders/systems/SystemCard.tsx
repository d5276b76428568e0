import { Alert, Group, Text } from '@mantine/core';
import type { System } from '../../../api/answers.ts';
import { Panel } from '../../../feedback/Panel.tsx';
import { State } from '../../../feedback/State.tsx';
import { count, perSecond } from '../../../format/number.ts';
import { When } from '../../../format/When.tsx';
import { Facts } from '../../../feedback/Facts.tsx';
import { RouterAnchor } from '../../../link/links.tsx';
import { Stale } from '../../overview/Stale.tsx';
import { SystemActions } from './SystemActions.tsx';
import { apisText, behindText, stateOf, watermarkText } from './system-text.ts';
import { ORDERS } from '../name.ts';

/** One source system: how far it is, what its run does, what holds it back, and what can be done. */
export function SystemCard({ system }: { readonly system: System }) {
  const { name, cursor, run, notice, source_error: sourceError } = system;
  const { tone, words } = stateOf(system);
  return (
    <Panel
      title={name}
      aside={
        <Group gap="xs">
          <Stale part={system} />
          <State tone={tone}>{words}</State>
        </Group>
      }
    >
      <Facts
        facts={[
          ['Rows behind', behindText(system)],
          [
            'Published',
            `${cursor === null ? '–' : count(cursor.published_count)}, now ${perSecond(system.published_per_second)}`,
          ],
          ['Cursor', <Cursor key="cursor" cursor={cursor} />],
          ['Watermark', watermarkText(system)],
          ...(system.apis.length > 1 ? [['APIs', apisText(system)] as const] : []),
        ]}
      />
      <Notes
        notes={[cursor?.error?.message, run?.waiting_for, notice, sourceError]}
        isError={cursor?.status === 'ERROR'}
      />
      <Group mt="sm" gap="xs" justify="space-between">
        <SystemActions system={system} />
        <RouterAnchor
          to="/$pipeline/dead-letters/list"
          params={{ pipeline: ORDERS }}
          search={{ state: 'dead', origin: name }}
        >
          <Text span size="sm">
            its dead letters
          </Text>
        </RouterAnchor>
      </Group>
    </Panel>
  );
}

function Cursor({ cursor }: Pick<System, 'cursor'>) {
  if (cursor === null) return '–';
  if (cursor.last_id === null) return 'at the beginning';
  return (
    <>
      row {cursor.last_id}
      {cursor.started_at !== null && (
        <>
          , begun <When at={cursor.started_at} />
        </>
      )}
    </>
  );
}

interface NotesProps {
  readonly notes: readonly (string | null | undefined)[];
  readonly isError: boolean;
}

/** What a person should know, as the system says it. */
function Notes({ notes, isError }: NotesProps) {
  return notes
    .filter((note) => note != null)
    .map((note) => (
      <Alert key={note} mt="xs" p="xs" variant="outline" color={isError ? 'red' : 'orange'}>
        {note}
      </Alert>
    ));
}
