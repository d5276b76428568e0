import { CONTENT_FIELDS } from '@esteira/orders/reconciliation';
import {
  differencesIn,
  type Archiving,
  type KeptDay,
  type KeptReconciliation,
  type KeptRow,
  type RepublishPreview,
} from '@esteira/reconciliation';
import { Type, type Static } from 'typebox';
import { bigint, count, nullable, text } from '../../schemas.ts';
import { snake } from '../../snake.ts';

const classes = Type.Object(
  {
    stored: count,
    discarded: count,
    dead: count,
    'not-yet-published': count,
    'in-flight': count,
    missing: count,
    archived: count,
    orphan: count,
    differs: count,
  },
  { description: 'Rows by class; `orphan` and `archived` rows are no source rows.' },
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
  republishing: Type.Array(
    Type.Object({
      ...{ at: text, by: text, why: nullable(text), ...published },
      stopped: nullable(Type.String({ description: 'What ended it before all rows were dealt with.' })),
    }),
  ),
});
export const daySchema = Type.Object({ ...counts, day: Type.String({ description: 'Of the order, UTC.' }) });
export const rowSchema = Type.Object({
  system: text,
  id: bigint,
  class: Type.Enum(['missing', 'orphan', 'differs']),
  round: Type.Integer(),
  day: text,
  source: nullable(Type.String({ description: 'The content in the source, where it differs or is missing.' })),
  stored: nullable(Type.String({ description: 'The content in the endput, where it differs or is an orphan.' })),
  republished_at: nullable(text),
  differences: Type.Array(Type.Object({ field: text, source: nullable(text), stored: nullable(text) }), {
    description: 'Of a row that differs: in which fields, and how.',
  }),
});
/** What publishing the missing rows again would be for. */
export const republishPreviewSchema = Type.Object({
  total: count,
  by_system: Type.Array(Type.Object({ system: text, count })),
  first: Type.Array(rowSchema, { description: 'The first few of them.' }),
  republished: Type.Integer({ minimum: 0, description: 'Missing too, and published again since.' }),
});
/** Rows that were removed from a source on purpose. */
export const archivingSchema = Type.Object({
  id: text,
  system: text,
  before_day: nullable(Type.String({ description: 'Made before this day, UTC.' })),
  up_to_id: nullable(Type.String({ description: 'With this id or a lower one. With both, both must be so.' })),
  by: text,
  why: text,
  at: text,
  withdrawn_at: nullable(Type.String({ description: 'Since when it counts no more.' })),
  withdrawn_by: nullable(text),
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
    republishing: republishing.map(({ at, by, why = null, stopped = null, confirmed, unroutable, refused, gone }) => ({
      ...{ at, by, why, confirmed, unroutable, refused, gone, stopped },
    })),
  };
}

export function dayOf({ system, day, rows, attempts, classes: of }: KeptDay): Static<typeof daySchema> {
  return { system, day, rows, attempts, classes: { ...of } };
}

export const rowOf = (row: KeptRow): Static<typeof rowSchema> => ({
  ...snake(row),
  differences: differencesIn(CONTENT_FIELDS, row).map((one) => ({ ...one })),
});

export const previewOf = ({ total, bySystem, first, republished }: RepublishPreview) => ({
  ...{ total, republished },
  by_system: bySystem.map((one) => ({ ...one })),
  first: first.map(rowOf),
});

export const archivingOf = (archiving: Archiving): Static<typeof archivingSchema> => snake(archiving);
