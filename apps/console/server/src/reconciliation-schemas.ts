import type { KeptDay, KeptReconciliation, KeptRow } from '@esteira/reconciliation';
import { Type, type Static } from 'typebox';
import { bigint, count, nullable, text } from './schemas.ts';
import { snake } from './snake.ts';

const classes = Type.Object(
  {
    stored: count,
    discarded: count,
    dead: count,
    'not-yet-published': count,
    'in-flight': count,
    missing: count,
    orphan: count,
    differs: count,
  },
  { description: 'Rows by class; `orphan` rows are no source rows.' },
);
const counts = { system: text, rows: count, attempts: count, classes };
const published = { confirmed: count, unroutable: count, refused: count, gone: count };

/** A reconciliation that is kept. */
export const reconciliationSchema = Type.Object({
  id: text,
  state: Type.Enum(['running', 'finished', 'failed', 'interrupted']),
  started_by: text,
  is_scheduled: Type.Boolean(),
  started_at: text,
  ended_at: nullable(text),
  progress: Type.Object({ phase: text, system: nullable(text), rows: count, estimate: count }),
  is_consistent: nullable(Type.Boolean({ description: 'Nothing missing, orphaned or different; null until it ends.' })),
  is_at_rest: nullable(Type.Boolean({ description: 'Every row at rest; null until it ends.' })),
  systems: Type.Array(Type.Object(counts)),
  error: nullable(text),
  republished: Type.Integer({ minimum: 0, description: 'Of the missing rows: published again since.' }),
  republishing: Type.Array(Type.Object({ at: text, by: text, ...published })),
});
export const daySchema = Type.Object({ ...counts, day: Type.String({ description: 'Of the order, UTC.' }) });
export const rowSchema = Type.Object({
  system: text,
  id: bigint,
  class: Type.Enum(['missing', 'orphan', 'differs']),
  round: Type.Integer(),
  day: text,
  source: nullable(Type.String({ description: 'The content in the source, where it differs.' })),
  stored: nullable(Type.String({ description: 'The content in the endput, where it differs or is an orphan.' })),
  republished_at: nullable(text),
});
export const republishedSchema = Type.Object(published);

export function reconciliationOf({
  systems,
  progress,
  republishing,
  ...rest
}: KeptReconciliation): Static<typeof reconciliationSchema> {
  return {
    ...snake(rest),
    progress: { ...progress },
    systems: systems.map(({ system, rows, attempts, classes: of }) => ({ system, rows, attempts, classes: { ...of } })),
    republishing: republishing.map(({ at, by, confirmed, unroutable, refused, gone }) => ({
      ...{ at, by, confirmed, unroutable, refused, gone },
    })),
  };
}

export function dayOf({ system, day, rows, attempts, classes: of }: KeptDay): Static<typeof daySchema> {
  return { system, day, rows, attempts, classes: { ...of } };
}

export const rowOf = (row: KeptRow): Static<typeof rowSchema> => snake(row);
