import type { Job } from '@esteira/dead-letters';
import { Type, type Static } from 'typebox';
import { count, nullable, text } from './schemas.ts';
import { snake } from './snake.ts';

/** A redrive or a discard. */
export const jobSchema = Type.Object({
  id: text,
  pipeline: text,
  action: Type.Enum(['redrive', 'discard']),
  selection: Type.Union([
    Type.Object({ message_ids: Type.Array(text) }),
    Type.Object({ filter: Type.Record(text, text) }, { description: 'As it was given, in the names of now.' }),
  ]),
  by: Type.String({ description: 'The name of the key of who started it.' }),
  why: text,
  rate_per_second: nullable(Type.Integer({ description: 'Null: as fast as it goes.' })),
  stop_at_failed_share: Type.Number(),
  max_attempts: nullable(Type.Integer({ description: 'Null: what each message carried before.' })),
  state: Type.Enum(['running', 'paused', 'stopped', 'cancelled', 'finished'], {
    description:
      '`stopped`: by itself, since too much failed again, or the endput refuses what it asks. `paused` and `stopped` can be resumed.',
  }),
  is_frozen: Type.Boolean({ description: 'Whether `total` is final: which dead letters it is for stands fast.' }),
  total: count,
  handled: Type.Integer({ minimum: 0, description: 'Dealt with: done and unchanged.' }),
  done: Type.Integer({ minimum: 0, description: 'Redriven or discarded.' }),
  unchanged: Type.Object({ at_rest: count, moved: count, unreadable: count }),
  failed_again: Type.Integer({ minimum: 0, description: 'Of those it redrove: dead again.' }),
  canary: nullable(Type.Object({ size: count, has_passed: Type.Boolean() })),
  note: nullable(Type.String({ description: 'What it waits for; of a job that stopped itself: what was refused.' })),
  is_tidy: Type.Boolean({ description: "Whether RabbitMQ's queue of dead letters shows what the table shows." }),
  holder: nullable(Type.String({ description: 'The process that runs it.' })),
  created_at: text,
  finished_at: nullable(text),
});

/** The most ids of a selection that are shown. */
const IDS_SHOWN = 100;

/** A job as it stands in JSON. */
export function jobOf({ selection, unchanged, canary, ...rest }: Job): Static<typeof jobSchema> {
  return {
    ...snake(rest),
    unchanged: snake(unchanged),
    canary: canary && snake(canary),
    selection:
      'messageIds' in selection
        ? { message_ids: selection.messageIds.slice(0, IDS_SHOWN) }
        : { filter: snake(selection.filter) },
  };
}
