import * as v from 'valibot';
import { day, oneOf, text } from '../../url/parameters.ts';

export const KINDS = ['missing', 'orphan', 'differs'] as const;

/** Which rows of a reconciliation are listed, as the address says it. */
export const rowsSearch = v.object({ kind: oneOf(KINDS), system: text(), day: day() });
export type RowsSearch = v.InferOutput<typeof rowsSearch>;
