import { invalid, type Failure, type Proof, type Reading } from '@esteira/pipeline';
import { Type, type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { messageIds } from './message-id.ts';
import { orderMessageSchema, type OrderMessage } from './order-message.ts';
import { incarnationOf } from './incarnation.ts';

/** The largest message, in bytes; the publisher and the broker have the same bound. */
const MAX_MESSAGE_BYTES = 1_000_000;

/** The message ids of each system that is known. */
export type IdOf = ReadonlyMap<string, (rowId: string) => string>;

const { properties } = orderMessageSchema;
const anyText = Type.Union([Type.String(), Type.Null()]);
const closed = { additionalProperties: false };
/** What a publisher sends of any row: of one with a price or a time that no order can have too. */
const sentSchema = Type.Object(
  {
    ...properties,
    order: Type.Object({ ...properties.order.properties, price: anyText, created_at: anyText }, closed),
  },
  closed,
);

const schema = Compile(orderMessageSchema);
const sent = Compile(sentSchema);
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The message ids of systems, by name. */
export function idsOf(systems: readonly string[]): IdOf {
  return new Map(systems.map((system) => [system, messageIds(system)]));
}

/**
 * Reads a body down to the proof of its id. A row with odd values (price `NaN`, created at `infinity`) keeps its
 * identity, since its message has these bytes each time; any other body that does not fit the schema proves nobody.
 */
export function readBody(body: Uint8Array, idOf: IdOf): Reading<OrderMessage> {
  if (body.byteLength > MAX_MESSAGE_BYTES) {
    return { failure: invalid('too-big', `the body has ${body.byteLength} bytes, more than ${MAX_MESSAGE_BYTES}`) };
  }
  const parsed = parseJson(body);
  if ('problem' in parsed) return { failure: invalid('not-json', parsed.problem) };
  const { value } = parsed;
  if (!schema.Check(value)) return readOdd(value, idOf);
  const proven = identify(value, idOf);
  if ('identity' in proven && proven.identity.incarnation !== null) return { ...proven, message: value };
  const { created_at } = value.order;
  if ('failure' in proven && incarnationOf(created_at) !== undefined) return proven;
  const failure = invalid('schema', `/order/created_at is no time: ${created_at}`);
  return 'failure' in proven ? { failure } : { ...proven, failure };
}

/** What does not fit the schema may still be what a publisher sends of a row. */
function readOdd(value: unknown, idOf: IdOf): Reading<OrderMessage> {
  const failure = invalid('schema', explained(value));
  if (!sent.Check(value)) return { failure };
  const proven = identify(value, idOf);
  return 'failure' in proven ? { failure } : { ...proven, failure };
}

function identify({ message_id, origin, order }: Static<typeof sentSchema>, idOf: IdOf): Proof | { failure: Failure } {
  const proof = idOf.get(origin.system);
  if (proof === undefined) return { failure: invalid('unknown-system', `no system is called ${origin.system}`) };
  if (message_id !== safely(() => proof(order.id))) {
    return { failure: invalid('forged-id', `${message_id} is not the id of order ${order.id}`) };
  }
  const incarnation = (order.created_at !== null ? incarnationOf(order.created_at) : undefined) ?? null;
  return {
    identity: { messageId: message_id, origin: origin.system, key: order.id, incarnation },
    madeAt: order.created_at,
  };
}

function parseJson(body: Uint8Array): { value: unknown } | { problem: string } {
  try {
    return { value: JSON.parse(utf8.decode(body)) };
  } catch (error) {
    // Not UTF-8, not JSON, or nested deeper than the stack: all the sender's.
    return { problem: (error as Error).message };
  }
}

function explained(value: unknown): string {
  const [first] = schema.Errors(value);
  return first === undefined ? 'the body does not fit the schema' : `${first.instancePath || '/'} ${first.message}`;
}

function safely<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined; // A row id beyond 63 bits has no message id, so none matches.
  }
}
