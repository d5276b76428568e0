import type { Delivery } from '@esteira/messaging';
import {
  contentId,
  HEADER,
  invalid,
  newestVersion,
  readHeaders,
  identityProblem,
  type Codec,
  type Failure,
  type JourneyHeaders,
  type Pipeline,
  type Proof,
} from '@esteira/pipeline';
import type { Definition } from '../definition.ts';
import type { Content, Decoded } from '../work.ts';

/** Makes something that can be settled of each delivery of a batch. */
export type Decode<M> = (batch: readonly Delivery[]) => Decoded<M>[];

/** Reads deliveries. Whatever a delivery holds, it comes out as something that can be settled. */
export function decoder<M>({ pipeline, codec }: Pick<Definition<M>, 'pipeline' | 'codec'>): Decode<M> {
  return (batch) => batch.map((delivery) => decode(delivery, pipeline, codec));
}

function decode<M>(delivery: Delivery, pipeline: Pipeline, codec: Codec<M>): Decoded<M> {
  const newer = tooNew(delivery, pipeline);
  if (newer !== undefined) return unidentified(delivery, pipeline, newer);
  const body = codec.read(delivery.body, delivery);
  const headers = readJourney(delivery, pipeline);
  if (!('identity' in body)) return unread(delivery, pipeline, body.failure);
  const problem = identityProblem(body.identity);
  if (problem !== undefined) return unread(delivery, pipeline, invalid('identity', problem));
  if ('failure' in headers) {
    const failure = 'failure' in body ? body.failure : headers.failure;
    return spoiled(delivery, pipeline, body, failure);
  }
  const { identity, madeAt = null } = body;
  const { round, attempt, maxAttempts } = headers;
  const content: Content<M> =
    'failure' in body
      ? { kind: 'unreadable', failure: body.failure }
      : { kind: 'readable', message: body.message, headers };
  return {
    delivery,
    attempt: { pipeline: pipeline.name, ...identity, round, attempt, maxAttempts },
    madeAt,
    content,
  };
}

/** A message whose body does not prove who it is: named by a hash, so that it can't stand in for another. */
function unidentified(delivery: Delivery, { name: pipeline }: Pipeline, content: Content<never>): Decoded<never> {
  const messageId = contentId(delivery.body, [delivery.messageId, delivery.type, sentHeaders(delivery)]);
  const identity = { pipeline, messageId, origin: '', key: '', incarnation: null };
  return { delivery, attempt: { ...identity, round: 1, attempt: 1, maxAttempts: 1 }, madeAt: null, content };
}

/**
 * A right body with a type or headers that no publisher gives it: a spoiled copy. It tells what it is of, but is named
 * by a hash, so that the true message goes its way.
 */
function spoiled(
  delivery: Delivery,
  pipeline: Pipeline,
  { identity: { origin, key, incarnation }, madeAt = null }: Proof,
  failure: Failure,
): Decoded<never> {
  const named = unread(delivery, pipeline, failure);
  return { ...named, attempt: { ...named.attempt, origin, key, incarnation }, madeAt };
}

/** What a broker adds to the headers each time it delivers or dead-letters a message again. */
const ADDED_BY_THE_BROKER = /^x-(delivery-count|acquired-count|death|(first|last)-death-(exchange|queue|reason))$/;

/** The headers as they were sent: the same message has the same id, however often it comes, and in whatever order. */
function sentHeaders({ headers }: Delivery): [name: string, value: unknown][] {
  const sent = Object.entries(headers).filter(([name]) => !ADDED_BY_THE_BROKER.test(name));
  // A broker that adds a header may write the others in another order.
  return sent.sort(([one], [other]) => (one < other ? -1 : 1));
}

const NOT_READ = invalid('unread', 'the body was not read');

/** A message that can't be read, or whose body is not looked at since it ends whoever does. */
export function unread(delivery: Delivery, pipeline: Pipeline, failure = NOT_READ): Decoded<never> {
  return unidentified(delivery, pipeline, { kind: 'unreadable', failure });
}

function tooNew({ headers, type }: Delivery, pipeline: Pipeline): Content<never> | undefined {
  const version = headers[HEADER.schemaVersion];
  const newest = newestVersion(pipeline, type);
  if (typeof version !== 'number' || version <= newest) return undefined;
  const message = `A message has schema version ${version}; this consumer knows up to ${newest}. Upgrade the consumers first.`;
  return { kind: 'too-new', fault: { code: 'schema-too-new', message } };
}

/** The headers and the type of a message: what its publisher always gets right. */
function readJourney({ headers, type }: Delivery, pipeline: Pipeline): JourneyHeaders | { failure: Failure } {
  const journey = readHeaders(headers);
  if ('problem' in journey) return { failure: invalid('headers', journey.problem) };
  if (!pipeline.types.some(({ name }) => name === type))
    return { failure: invalid('type', `type ${String(type)} is unknown here`) };
  const { attempt, maxAttempts } = journey;
  if (attempt > maxAttempts) return { failure: invalid('headers', `attempt ${attempt} of ${maxAttempts}`) };
  return journey;
}
