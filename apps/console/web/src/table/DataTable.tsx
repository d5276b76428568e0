import { metaHelper, tableFeatures, useTable, type ColumnDef, type RowData } from '@tanstack/react-table';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useRef, useState, type RefObject } from 'react';
import classes from './DataTable.module.css';
import { End, Spacer, type More } from './ends.tsx';
import { useRowKeys } from './useRowKeys.ts';

interface ColumnMeta {
  /** Right-aligned. */
  readonly figure?: boolean;
  /** Not shown on narrow screens. */
  readonly wide?: boolean;
  /** Names, ids and days, which stay in one piece however much room the others want. */
  readonly unbroken?: boolean;
  /** A width in CSS. */
  readonly width?: string;
}

const features = tableFeatures({ columnMeta: metaHelper<ColumnMeta>() });
export type Features = typeof features;
export type Columns<Row extends RowData> = readonly ColumnDef<Features, Row>[];

interface DataTableProps<Row extends RowData> {
  /** What the rows are, for those who don't see the page. */
  readonly label: string;
  readonly columns: Columns<Row>;
  readonly rows: readonly Row[];
  readonly rowId: (row: Row) => string;
  readonly more?: More;
}

const NONE: More = { has: false, loading: false, load: () => undefined };

/**
 * Rows as a table. Only those in sight are in the document, so a list of a million is as quick as one of ten; the next
 * page is asked for when the end comes near. `j` and `k` move between the rows' links.
 */
export function DataTable<Row extends RowData>({ label, columns, rows, rowId, more = NONE }: DataTableProps<Row>) {
  const table = useTable({ features, columns, data: rows, getRowId: rowId });
  const body = useRef<HTMLTableSectionElement>(null);
  const models = table.getRowModel().rows;
  const { items, above, below, measure } = useRowsInSight(body, models.length, more);
  useRowKeys(body);
  return (
    <div className={classes.frame}>
      <table className={classes.table} aria-label={label} aria-rowcount={more.has ? -1 : models.length + 1}>
        <thead>
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id}>
              {group.headers.map((header) => (
                <th key={header.id} scope="col" {...shapeOf(header.column.columnDef.meta)}>
                  <table.FlexRender header={header} />
                </th>
              ))}
            </tr>
          ))}
        </thead>
        <tbody ref={body}>
          <Spacer height={above} span={columns.length} />
          {items.map(({ index }) => {
            const row = models[index];
            if (row === undefined) return null;
            return (
              <tr key={row.id} data-index={index} ref={measure} aria-rowindex={index + 2}>
                {row.getAllCells().map((cell) => (
                  <td key={cell.id} {...shapeOf(cell.column.columnDef.meta)}>
                    <table.FlexRender cell={cell} />
                  </td>
                ))}
              </tr>
            );
          })}
          <Spacer height={below} span={columns.length} />
        </tbody>
      </table>
      <End more={more} shown={models.length} />
    </div>
  );
}

const shapeOf = (meta: ColumnMeta | undefined) => ({
  'data-figure': meta?.figure === true ? true : undefined,
  'data-unbroken': meta?.unbroken === true ? true : undefined,
  'data-wide': meta?.wide === true ? true : undefined,
  style: meta?.width === undefined ? undefined : { width: meta.width },
});

/** In pixels, of a row with one line; what is drawn is measured. */
const ROW_HEIGHT = 41;
/** How near to the end the next page is asked for, in rows. */
const NEAR = 20;

/** Which rows are drawn, and how much room the others take above and below them. */
function useRowsInSight(body: RefObject<HTMLElement | null>, count: number, more: More) {
  const [offset, setOffset] = useState(0);
  const virtualizer = useWindowVirtualizer({
    count,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
    scrollMargin: offset,
  });
  useLayoutEffect(() => {
    // What stands above the rows comes and goes; the page's height changes with it.
    const observer = new ResizeObserver(() => {
      setOffset((body.current?.getBoundingClientRect().top ?? 0) + window.scrollY);
    });
    observer.observe(document.body);
    return () => {
      observer.disconnect();
    };
  }, [body]);
  const items = virtualizer.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (more.has && !more.loading && last >= count - NEAR) more.load();
  }, [more, last, count]);
  const above = (items[0]?.start ?? offset) - offset;
  const below = virtualizer.getTotalSize() - ((items.at(-1)?.end ?? offset) - offset);
  return { items, above, below, measure: virtualizer.measureElement };
}
