import { join } from 'node:path';
import type { Effect, StoreAnswer, Success } from '@esteira/consumer';
import { atRestView } from '@esteira/dead-letters';
import { bisect, type Sql } from '@esteira/postgres';
import type { Parcel } from './parcel.ts';
import { parcelsPipeline } from './pipeline.ts';

/** A parcel that was weighed is a row of `parcels`, once. */
export const parcelEffect: Effect<Parcel> = {
  atRest: atRestView(parcelsPipeline.name),
  migrations: { name: 'parcels', directory: join(import.meta.dirname, 'migrations') },
  store: (sql, successes) => bisect(sql, successes, (some) => insert(sql, some)),
};

/** In the order of their ids, so that two batches with the same parcels wait for each other and never for good. */
async function insert(sql: Sql, successes: readonly Success<Parcel>[]): Promise<StoreAnswer[]> {
  const rows = successes.map(({ attempt, message: { depot, number, grams } }) => {
    const { messageId, round, attempt: attempts } = attempt;
    return { message_id: messageId, depot, number, grams, round, attempts };
  });
  const inserted = await sql.query<{ message_id: string }>(
    `INSERT INTO parcels (message_id, depot, number, grams, round, attempts)
     SELECT message_id, depot, number, grams, round, attempts
       FROM jsonb_populate_recordset(NULL::parcels, $1::jsonb) ORDER BY message_id
     ON CONFLICT DO NOTHING RETURNING message_id`,
    [JSON.stringify(rows)],
  );
  const isNew = new Set(inserted.map(({ message_id }) => message_id));
  // Of twins in one batch the first is the one that was inserted.
  return rows.map(({ message_id }) => (isNew.delete(message_id) ? 'inserted' : 'same'));
}
