import { Table, Text } from '@mantine/core';
import { Empty } from '../../../feedback/Empty.tsx';
import { State } from '../../../feedback/State.tsx';
import { utcTime } from '../../../format/time.ts';
import { differencesOf } from './differences.ts';
import type { Life } from './timeline.ts';

/** The row as it stands in the source and in the endput, beside each other; what differs is marked. */
export function Compared({ life }: { readonly life: Life }) {
  const { source, source_error: error, stored, stored_error: storedError } = life;
  if (source === null && stored === null) {
    return (
      <Empty title="In neither">{error ?? storedError ?? 'The source has no such row, and the endput has none.'}</Empty>
    );
  }
  return (
    <>
      <Table aria-label="Source and endput" layout="fixed">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Column</Table.Th>
            <Table.Th scope="col">Source</Table.Th>
            <Table.Th scope="col">Endput</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody style={{ overflowWrap: 'anywhere' }}>
          {differencesOf(source, stored).map(({ column, left, right, differs }) => (
            <Table.Tr key={column}>
              <Table.Th scope="row" fw={400}>
                {column}
                {differs && <State tone="bad">differs</State>}
              </Table.Th>
              <Table.Td>{shown(column, left)}</Table.Td>
              <Table.Td>{shown(column, right)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {source === null && (
        <Text size="sm" c="dimmed">
          {error ?? 'The source has no such row.'}
        </Text>
      )}
      {stored === null && (
        <Text size="sm" c="dimmed">
          {storedError ?? 'Not in the endput.'}
        </Text>
      )}
    </>
  );
}

const shown = (column: string, value: string | null): string =>
  value === null ? '–' : column === 'created_at' ? utcTime(value) : value;
