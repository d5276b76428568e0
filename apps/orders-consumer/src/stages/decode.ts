import type { Delivery } from '@esteira/messaging';
import { orderMessageSchema, ordersPipeline, type OrderMessage } from '@esteira/orders/domain';
import { contentId, messageIds, readHeaders, HEADER, type Attempt, type Failure } from '@esteira/pipeline';
import { Compile } from 'typebox/compile';
import type { Content, Decoded } from '../work.ts';
import { isTimestamp } from './timestamp.ts';

/** The largest message, in bytes; the publisher and the broker have the same bound. */
export const MAX_MESSAGE_BYTES = 1_000_000;

const schema = Compile(orderMessageSchema);
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Reads deliveries. Whatever a delivery holds, it comes out as something that can be settled. */
export function decoder(systems: readonly string[]): (batch: readonly Delivery[]) => Decoded[] {
  const idOf = new Map(systems.map((system) => [system, messageIds(ordersPipeline.name, system)]));
  return (batch) => batch.map((delivery) => decode(delivery, idOf));
}

type IdOf = ReadonlyMap<string, (rowId: string) => string>;

function decode(delivery: Delivery, idOf: IdOf): Decoded {
  const newer = tooNew(delivery);
  if (newer !== undefined) return unidentified(delivery, newer);
  const body = readBody(delivery, idOf);
  if ('failure' in body) return unidentified(delivery, { kind: 'unreadable', failure: body.failure });
  const { message } = body;
  const headers = readHeaders(delivery.headers);
  const failure = 'problem' in headers ? invalid('headers', headers.problem) : mismatch(delivery, headers);
  const { attempt, maxAttempts, round } = 'problem' in headers ? { attempt: 1, maxAttempts: 1, round: 1 } : headers;
  const content: Content =
    failure !== undefined || 'problem' in headers
      ? { kind: 'unreadable', failure: failure ?? invalid('headers', 'headers are unreadable') }
      : { kind: 'readable', message, headers };
  const identity: Attempt = {
    pipeline: ordersPipeline.name,
    messageId: message.message_id,
    system: message.origin.system,
    sourceId: message.order.id,
    round,
    attempt,
    maxAttempts,
  };
  return { delivery, attempt: identity, createdAt: message.order.created_at, content };
}

/** A message whose body does not prove who it is: named by a hash, so that it can't stand in for another. */
function unidentified(delivery: Delivery, content: Content): Decoded {
  const messageId = contentId(delivery.body, [delivery.messageId, delivery.type, sentHeaders(delivery)]);
  const identity = { pipeline: ordersPipeline.name, messageId, system: '', sourceId: '' };
  return { delivery, attempt: { ...identity, round: 1, attempt: 1, maxAttempts: 1 }, createdAt: null, content };
}

/** What a broker adds to the headers each time it delivers or dead-letters a message again. */
const ADDED_BY_THE_BROKER = /^x-(delivery-count|acquired-count|death|(first|last)-death-(exchange|queue|reason))$/;

/** The headers as they were sent: the same message has the same id, however often it comes, and in whatever order. */
function sentHeaders({ headers }: Delivery): [name: string, value: unknown][] {
  const sent = Object.entries(headers).filter(([name]) => !ADDED_BY_THE_BROKER.test(name));
  // A broker that adds a header may write the others in another order.
  return sent.sort(([one], [other]) => (one < other ? -1 : 1));
}

/** A message whose body is not looked at: it ends whoever does. */
export function unread(delivery: Delivery): Decoded {
  return unidentified(delivery, { kind: 'unreadable', failure: invalid('unread', 'the body was not read') });
}

function tooNew({ headers }: Delivery): Content | undefined {
  const version = headers[HEADER.schemaVersion];
  if (typeof version !== 'number' || version <= ordersPipeline.schemaVersion) return undefined;
  const message = `A message has schema version ${version}; this consumer knows up to ${ordersPipeline.schemaVersion}. Upgrade the consumers first.`;
  return { kind: 'too-new', fault: { code: 'schema-too-new', message } };
}

/** Parses and checks a body, down to the proof of its id. */
function readBody({ body }: Delivery, idOf: IdOf): { message: OrderMessage } | { failure: Failure } {
  if (body.byteLength > MAX_MESSAGE_BYTES) {
    return { failure: invalid('too-big', `the body has ${body.byteLength} bytes, more than ${MAX_MESSAGE_BYTES}`) };
  }
  const parsed = parseJson(body);
  if ('problem' in parsed) return { failure: invalid('not-json', parsed.problem) };
  const { value } = parsed;
  if (!schema.Check(value)) return { failure: invalid('schema', explained(value)) };
  if (!isTimestamp(value.order.created_at)) {
    return { failure: invalid('schema', `/order/created_at is no time: ${value.order.created_at}`) };
  }
  const proof = idOf.get(value.origin.system);
  if (proof === undefined) return { failure: invalid('unknown-system', `no system is called ${value.origin.system}`) };
  if (value.message_id !== safely(() => proof(value.order.id))) {
    return { failure: invalid('forged-id', `${value.message_id} is not the id of order ${value.order.id}`) };
  }
  return { message: value };
}

/** What only the properties and the headers together can have wrong. */
function mismatch(
  delivery: Delivery,
  { attempt, maxAttempts }: { attempt: number; maxAttempts: number },
): Failure | undefined {
  if (delivery.type !== ordersPipeline.type) return invalid('type', `type ${String(delivery.type)} is unknown here`);
  if (attempt > maxAttempts) return invalid('headers', `attempt ${attempt} of ${maxAttempts}`);
  return undefined;
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

function invalid(code: string, message: string): Failure {
  return { code: `invalid-${code}`, message };
}
