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

/** What a list is narrowed to, in words: `of system-1, made on 2026-01-31`; empty where it is everything. Pure. */
export const narrowedText = ({ system, day: of }: Omit<RowsSearch, 'kind'>): string =>
  [system !== undefined && `of ${system}`, of !== undefined && `made on ${of}`]
    .filter((part) => part !== false)
    .join(', ');

/** The counts of one system, or of one day, where that is asked. Pure. */
export const narrowed = <Of extends { readonly system: string; readonly day: string }>(
  days: readonly Of[],
  { system, day: of }: Omit<RowsSearch, 'kind'>,
): readonly Of[] =>
  days.filter((one) => (system === undefined || one.system === system) && (of === undefined || one.day === of));
