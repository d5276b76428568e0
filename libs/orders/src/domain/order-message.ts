import { writeHeaders, type OutgoingMessage, type WireHeaders } from '@esteira/pipeline';
import { Type, type Static } from 'typebox';
import { messageIds } from './message-id.ts';
import { attemptsRequired } from './attempts-required.ts';
import { ordersPipeline, type Order, type Origin } from './order.ts';

const [TYPE] = ordersPipeline.types;
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

/** An order in the words of its source: what its message needs to know of it, and the JSON text of an {@link Order}. */
export interface OrderText {
  readonly id: string;
  readonly securityCheck: boolean;
  readonly json: string;
}

/** Makes the messages of one origin. The same order and journey give the same bytes. */
export function orderMessages(origin: Origin): (order: Order, journey: Journey) => OutgoingMessage {
  const messageOf = orderTextMessages(origin);
  return (order, journey) =>
    messageOf({ id: order.id, securityCheck: order.security_check, json: JSON.stringify(order) }, journey);
}

/** The same of orders whose JSON is there already: it is not read and written once more. */
export function orderTextMessages(origin: Origin): (order: OrderText, journey: Journey) => OutgoingMessage {
  const idOf = messageIds(origin.system);
  const originJson = JSON.stringify(origin);
  const headersOf = journeyHeaders();
  return ({ id, securityCheck, json }, journey) => {
    const messageId = idOf(id);
    const { maxAttempts } = journey;
    const required = attemptsRequired(messageId, securityCheck, maxAttempts);
    const processing = `{"attempts_required":${required},"max_attempts":${maxAttempts}}`;
    const body = `{"message_id":"${messageId}","processing":${processing},"origin":${originJson},"order":${json}}`;
    return {
      messageId,
      type: TYPE.name,
      lane: ordersPipeline.lanes[0],
      body: Buffer.from(body),
      headers: headersOf(journey),
    };
  };
}

/** All messages of a journey share their headers, so that they are encoded once. */
function journeyHeaders(): (journey: Journey) => WireHeaders {
  let last: { readonly journey: Journey; readonly headers: WireHeaders } | undefined;
  return (journey) => {
    const { maxAttempts, round = 1 } = journey;
    if (last === undefined || last.journey.maxAttempts !== maxAttempts || (last.journey.round ?? 1) !== round) {
      const headers = writeHeaders({ schemaVersion: TYPE.schemaVersion, attempt: 1, maxAttempts, round });
      last = { journey, headers };
    }
    return last.headers;
  };
}
