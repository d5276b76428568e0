import * as v from 'valibot';
import type { Query } from '../../../api/answers.ts';
import { hasFaults, type Day } from '../reconciliation/report.ts';
import { day, oneOf, text } from '../../../url/parameters.ts';

export const KINDS = [
  'missing',
  'orphan',
  'differs',
] as const satisfies readonly Query<'/v0/pipelines/orders/reconciliations/{id}/rows'>['kind'][];

/** Which days are listed: all, or those with rows that must be looked at. */
const DAYS = ['with-faults'] as const;

/** Which rows of a reconciliation are listed, as the address says it. */
export const rowsSearch = v.object({ kind: oneOf(KINDS), system: text(), day: day(), days: oneOf(DAYS) });
export type RowsSearch = v.InferOutput<typeof rowsSearch>;

/** What a list is narrowed to, in words: `of system-1, made on 2026-01-31`; empty where it is everything. Pure. */
export const narrowedText = ({ system, day: of, days }: Omit<RowsSearch, 'kind'>): string =>
  [
    system !== undefined && `of ${system}`,
    of !== undefined && `made on ${of}`,
    days !== undefined && 'days with rows that are missing, orphaned or different',
  ]
    .filter((part) => part !== false)
    .join(', ');

/** The counts of one system, of one day, or of days with faults, where that is asked. Pure. */
export const narrowed = <Of extends Pick<Day, 'system' | 'day' | 'classes'>>(
  days: readonly Of[],
  { system, day: of, days: which }: Omit<RowsSearch, 'kind'>,
): readonly Of[] =>
  days.filter(
    (one) =>
      (system === undefined || one.system === system) &&
      (of === undefined || one.day === of) &&
      (which === undefined || hasFaults(one)),
  );
