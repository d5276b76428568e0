import { Table, Tooltip } from '@mantine/core';
import { count } from '../../../format/number.ts';
import { CLASSES, MEANINGS, type Summary } from '../reconciliation/report.ts';

/** Every row of every system in one class. */
export function Systems({ systems }: Pick<Summary, 'systems'>) {
  return (
    <Table.ScrollContainer minWidth={640} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
      <Table aria-label="Rows of each system by class">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">System</Table.Th>
            <Table.Th scope="col" ta="right">
              rows
            </Table.Th>
            {CLASSES.map((name) => (
              <Table.Th key={name} scope="col" ta="right">
                <Tooltip label={MEANINGS[name]}>
                  <span>{name.replaceAll('-', ' ')}</span>
                </Tooltip>
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {systems.map(({ system, rows, classes }) => (
            <Table.Tr key={system}>
              <Table.Th scope="row" fw={400} style={{ whiteSpace: 'nowrap' }}>
                {system}
              </Table.Th>
              <Table.Td ta="right">{count(rows)}</Table.Td>
              {CLASSES.map((name) => (
                <Table.Td key={name} ta="right">
                  {count(classes[name])}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
