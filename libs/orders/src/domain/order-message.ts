import { messageIds, writeHeaders, type OutgoingMessage } from '@esteira/pipeline';
import { Type, type Static } from 'typebox';
import { attemptsRequired } from './attempts-required.ts';
import { ordersPipeline, type Order, type Origin } from './order.ts';

const closed = { additionalProperties: false };
const name = Type.String({ minLength: 1, maxLength: 63 });

/** The JSON body of a message of the orders pipeline, schema version 1. */
export const orderMessageSchema = Type.Object(
  {
    message_id: Type.String({ minLength: 36, maxLength: 36 }),
    processing: Type.Object(
      {
        attempts_required: Type.Integer({ minimum: 1, maximum: 101 }),
        max_attempts: Type.Integer({ minimum: 1, maximum: 100 }),
      },
      closed,
    ),
    origin: Type.Object({ system: name, database: name, schema: name, table: name }, closed),
    order: Type.Object(
      {
        id: Type.String({ pattern: '^(0|[1-9][0-9]{0,18})$' }),
        product: Type.String(),
        price: Type.String({ pattern: '^-?[0-9]{1,10}(\\.[0-9]{1,2})?$' }),
        created_at: Type.String({ minLength: 8, maxLength: 40 }),
        security_check: Type.Boolean(),
      },
      closed,
    ),
  },
  closed,
);

/** The JSON body of a message of the orders pipeline. */
export type OrderMessage = Static<typeof orderMessageSchema>;

/** A journey to start: by default the first round. */
export interface Journey {
  readonly maxAttempts: number;
  readonly round?: number;
}

/** Makes the messages of one origin. The same order and journey give the same bytes. */
export function orderMessages(origin: Origin): (order: Order, journey: Journey) => OutgoingMessage {
  const idOf = messageIds(ordersPipeline.name, origin.system);
  return (order, { maxAttempts, round = 1 }) => {
    const messageId = idOf(order.id);
    const body: OrderMessage = {
      message_id: messageId,
      processing: {
        attempts_required: attemptsRequired(messageId, order.security_check, maxAttempts),
        max_attempts: maxAttempts,
      },
      origin,
      order,
    };
    return {
      messageId,
      type: ordersPipeline.type,
      lane: ordersPipeline.lanes[0],
      body: Buffer.from(JSON.stringify(body)),
      headers: writeHeaders({ schemaVersion: ordersPipeline.schemaVersion, attempt: 1, maxAttempts, round }),
    };
  };
}
