import { Table } from '@mantine/core';
import { Panel } from '../../feedback/Panel.tsx';

/** The headers as they travelled, as text. */
export function Headers({ headers }: { readonly headers: Readonly<Record<string, unknown>> }) {
  const entries = Object.entries(headers);
  if (entries.length === 0) return null;
  return (
    <Panel title="Headers">
      <Table aria-label="Headers" fz="xs" layout="fixed">
        <Table.Tbody style={{ overflowWrap: 'anywhere' }}>
          {entries.map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Th scope="row" fw={400} c="dimmed">
                {name}
              </Table.Th>
              <Table.Td>{typeof value === 'string' ? value : JSON.stringify(value)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Panel>
  );
}
