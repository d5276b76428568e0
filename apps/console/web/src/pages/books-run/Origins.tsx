import { Table } from '@mantine/core';
import { count } from '../../format/number.ts';
import { usePipeline } from '../../pipeline/current.tsx';
import { acceptedIn, countIn, type BooksReport } from '../books/books-text.ts';

/** What came from each origin, in its classes; of several origins with their sums. */
export function Origins({ report }: { readonly report: BooksReport }) {
  const { words } = usePipeline();
  const { classes, origins } = report;
  return (
    <Table.ScrollContainer minWidth={640} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
      <Table aria-label="Items of each origin by class">
        <Table.Thead>
          <Table.Tr>
            {[words.origin, report.accepted, ...classes.map(({ label }) => label), 'difference'].map((head, i) => (
              <Table.Th key={head} scope="col" {...(i === 0 ? {} : { ta: 'right' })}>
                {head}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {origins.map(({ origin, accepted, counts, difference }) => (
            <Row
              key={origin}
              name={origin}
              figures={[accepted, ...classes.map(({ name }) => counts[name] ?? 0), difference]}
            />
          ))}
          {origins.length > 1 && (
            <Row
              name="all"
              figures={[
                acceptedIn(report),
                ...classes.map(({ name }) => countIn(report, name)),
                origins.reduce((sum, { difference }) => sum + difference, 0),
              ]}
            />
          )}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Row({ name, figures }: { readonly name: string; readonly figures: readonly number[] }) {
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={400} style={{ whiteSpace: 'nowrap' }}>
        {name}
      </Table.Th>
      {figures.map((figure, i) => (
        // Each stands in its column.
        <Table.Td key={i} ta="right">
          {count(figure)}
        </Table.Td>
      ))}
    </Table.Tr>
  );
}
