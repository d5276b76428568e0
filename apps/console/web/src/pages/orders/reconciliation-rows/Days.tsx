import { Text } from '@mantine/core';
import { Empty } from '../../../feedback/Empty.tsx';
import { count } from '../../../format/number.ts';
import { RouterAnchor } from '../../../link/links.tsx';
import { columnsOf } from '../../../table/columns.ts';
import { DataTable } from '../../../table/DataTable.tsx';
import { CLASSES, type Day, type RowClass } from '../reconciliation/report.ts';
import { KINDS } from './search.ts';

const column = columnsOf<Day>();
const NARROW: readonly RowClass[] = ['stored', 'missing'];
const isKind = (name: RowClass): name is (typeof KINDS)[number] => (KINDS as readonly string[]).includes(name);

const columns = column.columns([
  column.display({
    id: 'day',
    header: 'Day (UTC)',
    meta: { unbroken: true },
    cell: ({ row: { original } }) => (
      <>
        {original.day}
        <Text size="xs" c="dimmed" hiddenFrom="md">
          {original.system}
        </Text>
      </>
    ),
  }),
  column.accessor('system', { header: 'System', meta: { unbroken: true, wide: true } }),
  column.accessor('rows', {
    header: 'rows',
    meta: { figure: true, wide: true },
    cell: ({ getValue }) => count(getValue()),
  }),
  ...CLASSES.map((name) =>
    column.display({
      id: name,
      header: name.replaceAll('-', ' '),
      meta: { figure: true, wide: !NARROW.includes(name) },
      cell: ({ row: { original } }) => <Cell day={original} name={name} />,
    }),
  ),
]);

interface DaysProps {
  readonly days: readonly Day[];
  /** Whether these are not all of them. */
  readonly isNarrowed: boolean;
}

/** The counts of every system and day. */
export function Days({ days, isNarrowed }: DaysProps) {
  if (days.length === 0 && isNarrowed) return <Empty title="None">No row is like that.</Empty>;
  if (days.length === 0) return <Empty title="No days yet">They stand here when all rows are read.</Empty>;
  return (
    <DataTable label="Rows by day" columns={columns} rows={days} rowId={({ system, day }) => `${system} ${day}`} />
  );
}

/** A count; of what must be looked at, a link to its rows. */
function Cell({ day: { day, system, classes }, name }: { readonly day: Day; readonly name: RowClass }) {
  const rows = classes[name];
  if (rows === 0 || !isKind(name)) return count(rows);
  return (
    <RouterAnchor
      from="/orders/reconciliation/$id"
      search={{ kind: name, system, day }}
      data-row-link
      size="sm"
      fw={700}
    >
      {count(rows)}
    </RouterAnchor>
  );
}
