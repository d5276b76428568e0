import Table from 'cli-table3';

/** One cell; numbers are written with thousands separators and stand on the right. */
export type Cell = string | number;

/** A table as text. No colours: it reads the same in a file. */
export function renderTable(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const table = new Table({
    head: [...head],
    style: { head: [], border: [], compact: true },
    colAligns: head.map((_, column) => (rows.some((row) => typeof row[column] === 'number') ? 'right' : 'left')),
  });
  table.push(...rows.map((row) => row.map(formatted)));
  return table.toString();
}

/** `69659` reads `69,659`. */
export function formatted(cell: Cell): string {
  return typeof cell === 'number' ? cell.toLocaleString('en-US') : cell;
}
