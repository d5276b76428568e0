import { Code, Table } from '@mantine/core';
import { Panel } from '../../feedback/Panel.tsx';
import { duration } from '../../format/time.ts';
import { When } from '../../format/When.tsx';
import type { Letter } from './query.ts';

/** Every attempt, of every round. */
export function Attempts({ attempts }: { readonly attempts: Letter['attempts'] }) {
  if (attempts.length === 0) return null;
  return (
    <Panel title="Attempts">
      <Table.ScrollContainer minWidth={320} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
        <Table aria-label="Attempts" fz="xs">
          <Table.Thead>
            <Table.Tr>
              {['Round', 'No.', 'When', 'Took', 'Error'].map((name) => (
                <Table.Th key={name} scope="col">
                  {name}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {attempts.map(({ round, attempt, started_at, duration_ms, error }) => (
              <Table.Tr key={`${round}:${attempt}`}>
                <Table.Td>{round}</Table.Td>
                <Table.Td>{attempt}</Table.Td>
                <Table.Td>{started_at === null ? 'no longer in the log' : <When at={started_at} />}</Table.Td>
                <Table.Td>{duration_ms === null ? '–' : duration(duration_ms)}</Table.Td>
                <Table.Td>{error === null ? '–' : <Code>{error.code}</Code>}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Panel>
  );
}
