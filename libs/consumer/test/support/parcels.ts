import { join } from 'node:path';
import type { Definition } from '../../src/index.ts';
import { atRestView } from '@esteira/dead-letters';
import {
  contentId,
  invalid,
  writeHeaders,
  type Handler,
  type OutgoingMessage,
  type Pipeline,
  type RetryPolicy,
} from '@esteira/pipeline';

/** Another pipeline than any that there is: two lanes, one of them each by itself. */
export const parcelsPipeline: Pipeline = {
  name: 'parcels',
  types: [{ name: 'parcel.sent', schemaVersion: 1 }],
  lanes: ['bulk', 'express'],
};

export interface Parcel {
  readonly id: number;
  readonly weight: number;
}

/** How the lane express is tried again. */
const EXPRESS: RetryPolicy = { maxAttempts: 3, delaysMs: [50], timeoutMs: 600_000 };

const idOf = (id: number) => contentId(Buffer.from(String(id)), 'parcel');

/** A parcel's message. */
export function parcelMessage({ id, weight }: Parcel, lane: string): OutgoingMessage {
  return {
    messageId: idOf(id),
    type: parcelsPipeline.types[0].name,
    lane,
    body: Buffer.from(JSON.stringify({ id, weight })),
    headers: writeHeaders({ schemaVersion: 1, attempt: 1, maxAttempts: 3, round: 1 }),
  };
}

/** What the pipeline brings; how many run at once in the lane express, and how many are held. */
export function parcelsDefinition(
  handler: Handler<Parcel>,
  concurrency: number,
  prefetch = concurrency,
): Definition<Parcel> {
  return {
    pipeline: parcelsPipeline,
    handler,
    lanes: { express: { mode: 'each', concurrency, prefetch, policy: EXPRESS } },
    codec: {
      read: (body) => {
        const parcel = JSON.parse(Buffer.from(body).toString()) as Partial<Parcel>;
        if (parcel.id === undefined) return { failure: invalid('id', 'a parcel without an id') };
        const { id, weight = 0 } = parcel;
        const identity = { messageId: idOf(id), origin: 'depot', key: `parcel ${id}`, incarnation: null };
        return { identity, message: { id, weight } };
      },
      originOf: () => 'depot',
    },
    effect: {
      atRest: atRestView(parcelsPipeline.name),
      migrations: { name: 'parcels', directory: join(import.meta.dirname, 'parcels') },
      store: async (sql, successes) => {
        for (const { attempt, message } of successes) {
          await sql.query(
            `INSERT INTO parcels (message_id, weight, round, attempts) VALUES ($1, $2, $3, $4)
             ON CONFLICT DO NOTHING`,
            [attempt.messageId, message.weight, attempt.round, attempt.attempt],
          );
        }
        return successes.map(() => ({ result: 'inserted' }));
      },
    },
    subject: {
      name: 'parcel',
      of: ({ id, weight }) => ({ id, weight }),
    },
  };
}
