import type { Delivery } from '@esteira/messaging';
import { idsOf, invalid, ordersPipeline, readBody, type Identity, type IdOf } from '@esteira/orders/domain';
import { contentId, readHeaders, HEADER, type Failure, type JourneyHeaders } from '@esteira/pipeline';
import type { Content, Decoded } from '../work.ts';

/** Reads deliveries. Whatever a delivery holds, it comes out as something that can be settled. */
export function decoder(systems: readonly string[]): (batch: readonly Delivery[]) => Decoded[] {
  const idOf = idsOf(systems);
  return (batch) => batch.map((delivery) => decode(delivery, idOf));
}

function decode(delivery: Delivery, idOf: IdOf): Decoded {
  const newer = tooNew(delivery);
  if (newer !== undefined) return unidentified(delivery, newer);
  const body = readBody(delivery.body, idOf);
  const headers = readJourney(delivery);
  if (!('identity' in body)) return unidentified(delivery, { kind: 'unreadable', failure: body.failure });
  if ('failure' in headers) {
    const failure = 'failure' in body ? body.failure : headers.failure;
    return spoiled(delivery, body.identity, failure);
  }
  const { createdAt, ...row } = body.identity;
  const { round, attempt, maxAttempts } = headers;
  const content: Content =
    'failure' in body
      ? { kind: 'unreadable', failure: body.failure }
      : { kind: 'readable', message: body.message, headers };
  return {
    delivery,
    attempt: { pipeline: ordersPipeline.name, ...row, round, attempt, maxAttempts },
    createdAt,
    content,
  };
}

/** A message whose body does not prove who it is: named by a hash, so that it can't stand in for another. */
function unidentified(delivery: Delivery, content: Content): Decoded {
  const messageId = contentId(delivery.body, [delivery.messageId, delivery.type, sentHeaders(delivery)]);
  const identity = { pipeline: ordersPipeline.name, messageId, system: '', sourceId: '' };
  return { delivery, attempt: { ...identity, round: 1, attempt: 1, maxAttempts: 1 }, createdAt: null, content };
}

/**
 * A right body with a type or headers that no publisher gives it: a spoiled copy. It tells of its row, but is named by
 * a hash, so that the true message goes its way.
 */
function spoiled(delivery: Delivery, { system, sourceId, createdAt }: Identity, failure: Failure): Decoded {
  const named = unidentified(delivery, { kind: 'unreadable', failure });
  return { ...named, attempt: { ...named.attempt, system, sourceId }, createdAt };
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

/** The headers and the type of a message: what its publisher always gets right. */
function readJourney({ headers, type }: Delivery): JourneyHeaders | { failure: Failure } {
  const journey = readHeaders(headers);
  if ('problem' in journey) return { failure: invalid('headers', journey.problem) };
  if (type !== ordersPipeline.type) return { failure: invalid('type', `type ${String(type)} is unknown here`) };
  const { attempt, maxAttempts } = journey;
  if (attempt > maxAttempts) return { failure: invalid('headers', `attempt ${attempt} of ${maxAttempts}`) };
  return journey;
}
