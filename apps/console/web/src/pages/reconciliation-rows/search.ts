import * as v from 'valibot';
import type { Query } from '../../api/answers.ts';
import { day, oneOf, text } from '../../url/parameters.ts';

export const KINDS = [
  'missing',
  'orphan',
  'differs',
] as const satisfies readonly Query<'/v0/reconciliations/{id}/rows'>['kind'][];

/** Which rows of a reconciliation are listed, as the address says it. */
export const rowsSearch = v.object({ kind: oneOf(KINDS), system: text(), day: day() });
export type RowsSearch = v.InferOutput<typeof rowsSearch>;
