import { once } from 'node:events';
import type { ConfirmChannel, Options } from 'amqplib';
import type { OutgoingMessage, Publish, PublishOutcome } from '@esteira/pipeline';
import { BrokerUnavailable, type Broker } from './broker.ts';
import { frameWriter, type FrameWriter } from './frame-writer.ts';
import type { Envelope } from './frames.ts';
import { withPermission } from './permissions.ts';

/** Where and how a publisher sends. */
export interface PublisherOptions {
  readonly exchange: string;
  /** The broker gives back what no queue takes. Not for a delayed exchange, which gives back everything. */
  readonly mandatory: boolean;
  /** Goes to the AMQP property `app_id`. */
  readonly appId: string;
}

/** An open confirm channel and what came back on it. */
interface Line {
  readonly channel: ConfirmChannel;
  readonly writer: FrameWriter;
  /** How often each id came back. The broker acks them right after: a return is correlated before its confirm. */
  readonly returned: Map<string, number>;
  /** Why RabbitMQ closed the channel, when it did. */
  closed: Error | undefined;
}

/**
 * A publisher with a confirm channel of its own, opened again after a loss. It sends all messages of a call pipelined,
 * at the pace the socket takes them, and resolves when the broker has answered for each.
 */
export function createPublisher(broker: Broker, options: PublisherOptions): Publish {
  const envelope: Envelope = { ...options, contentType: 'application/json' };
  let current: Promise<Line> | undefined;
  const line = (): Promise<Line> => {
    if (current !== undefined) return current;
    // Only its own end: a channel that is opened again meanwhile stays.
    const ended = () => {
      if (current === opening) current = undefined;
    };
    const opening = openLine(broker, envelope, ended);
    current = opening;
    opening.catch(ended); // Whoever waits for it hears of it.
    return opening;
  };
  return async (messages) => {
    if (messages.length === 0) return [];
    const open = await line();
    return unlessGone(
      open,
      () => goneInWords(open, broker, options.exchange),
      () => sendAll(open, messages, envelope),
    );
  };
}

async function openLine(broker: Broker, envelope: Envelope, onClose: () => void): Promise<Line> {
  const channel = await broker.confirmChannel();
  const returned = new Map<string, number>();
  channel.on('return', ({ properties }) => {
    const id = String(properties.messageId);
    returned.set(id, (returned.get(id) ?? 0) + 1);
  });
  channel.setMaxListeners(0);
  channel.once('close', onClose);
  const line: Line = { channel, writer: frameWriter(channel, envelope), returned, closed: undefined };
  channel.once('error', (error: Error) => (line.closed = error));
  return line;
}

/** Why nothing is confirmed on a channel any more: RabbitMQ said it when it closed it, or the connection is lost. */
function goneInWords({ closed }: Line, broker: Broker, exchange: string): Error {
  const reason = closed === undefined ? '' : `: ${closed.message}`;
  const gone = new BrokerUnavailable(
    `The channel to RabbitMQ at ${broker.address} closed before it confirmed${reason}`,
  );
  return withPermission(gone, broker, 'write', `exchange ${exchange}`);
}

/**
 * Does work that waits for the channel, and rejects when the channel closes first. Each call has a listener of its own,
 * which goes with it: a promise that lives as long as the channel would keep what every call left behind.
 */
async function unlessGone<T>({ channel }: Line, why: () => Error, work: () => Promise<T>): Promise<T> {
  const { promise: gone, reject } = Promise.withResolvers<never>();
  const onClose = () => {
    reject(why());
  };
  channel.once('close', onClose);
  try {
    return await Promise.race([work(), gone]);
  } finally {
    channel.off('close', onClose);
  }
}

/** Answers of the broker are counted until there is one for each message. */
async function sendAll(
  line: Line,
  messages: readonly OutgoingMessage[],
  envelope: Envelope,
): Promise<PublishOutcome[]> {
  const outcomes = new Array<PublishOutcome>(messages.length);
  const { promise: allAnswered, resolve } = Promise.withResolvers<PublishOutcome[]>();
  let unanswered = messages.length;
  const callbacks = messages.map(({ messageId }, index) => (error: unknown) => {
    const outcome = outcomeOf(error, line.returned.size > 0 && takeReturn(line.returned, messageId));
    if (outcome === undefined) return;
    outcomes[index] = outcome;
    unanswered -= 1;
    if (unanswered === 0) resolve(outcomes);
  });
  const timestamp = Math.floor(Date.now() / 1000);
  for (const { from, to, bytes } of portions(messages, line.writer)) {
    const goesOn =
      bytes === undefined
        ? sendOne(line, messages[from], envelope, timestamp, callbacks[from])
        : line.writer.write(
            line.writer.encoder.encode(messages.slice(from, to), bytes, timestamp),
            callbacks.slice(from, to),
          );
    if (!goesOn) await once(line.channel, 'drain');
  }
  return allAnswered;
}

/** Whether a message of this id came back; each return tells of one message. */
function takeReturn(returned: Map<string, number>, messageId: string): boolean {
  const times = returned.get(messageId);
  if (times === undefined) return false;
  if (times === 1) returned.delete(messageId);
  else returned.set(messageId, times - 1);
  return true;
}

/** What is written to the socket at once, in bytes, about. */
const PORTION_BYTES = 64 * 2 ** 10;

/** Neighbours that are written together, and their bytes; or one that only amqplib can encode. */
interface Portion {
  readonly from: number;
  readonly to: number;
  readonly bytes: number | undefined;
}

function* portions(messages: readonly OutgoingMessage[], { encoder }: FrameWriter): Generator<Portion> {
  let [from, bytes] = [0, 0];
  for (const [index, message] of messages.entries()) {
    const size = encoder.sizeOf(message);
    if (from < index && (size === undefined || bytes + size > PORTION_BYTES)) {
      yield { from, to: index, bytes };
      [from, bytes] = [index, 0];
    }
    if (size === undefined) {
      yield { from: index, to: index + 1, bytes: undefined };
      from = index + 1;
    } else bytes += size;
  }
  if (from < messages.length) yield { from, to: messages.length, bytes };
}

function sendOne(
  { channel }: Line,
  message: OutgoingMessage | undefined,
  envelope: Envelope,
  timestamp: number,
  answered: ((error: unknown) => void) | undefined,
): boolean {
  if (message === undefined) return true;
  const properties = propertiesOf(message, envelope, timestamp);
  return channel.publish(envelope.exchange, message.lane, bufferOf(message.body), properties, answered);
}

/** Undefined when the channel closed without an answer: `unlessGone` tells of that, for all messages at once. */
function outcomeOf(error: unknown, cameBack: boolean): PublishOutcome | undefined {
  if (error instanceof Error) return error.message === 'message nacked' ? 'refused' : undefined;
  return cameBack ? 'unroutable' : 'confirmed';
}

function propertiesOf(message: OutgoingMessage, envelope: Envelope, timestamp: number): Options.Publish {
  return {
    messageId: message.messageId,
    type: message.type,
    appId: envelope.appId,
    contentType: envelope.contentType,
    timestamp,
    persistent: true,
    mandatory: envelope.mandatory,
    headers: message.headers,
  };
}

function bufferOf(body: Uint8Array): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

/** A hand-over that did not reach safety: the messages it came from must not be acked. */
export class HandOverFailed extends Error {
  override name = 'HandOverFailed';
}

/** Publishes and insists: @throws HandOverFailed unless every message was confirmed and found a queue. */
export async function handOver(publish: Publish, messages: readonly OutgoingMessage[], where: string): Promise<void> {
  const outcomes = await publish(messages);
  const failed = outcomes.filter((outcome) => outcome !== 'confirmed');
  if (failed.length > 0) {
    throw new HandOverFailed(`${where}: ${failed.length} of ${messages.length} messages were ${failed[0]}`);
  }
}
