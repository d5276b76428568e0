import { createColumnHelper, type RowData } from '@tanstack/react-table';
import type { Features } from './DataTable.tsx';

/** Makes the columns of a table of these rows. */
export const columnsOf = <Row extends RowData>() => createColumnHelper<Features, Row>();
