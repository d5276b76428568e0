import { once } from 'node:events';
import type { ConfirmChannel, Options } from 'amqplib';
import type { OutgoingMessage, Publish, PublishOutcome } from '@esteira/pipeline';
import { BrokerUnavailable, type Broker } from './broker.ts';

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
  /** Ids that came back. The broker acks them right after: a return is correlated before its confirm. */
  readonly returned: Set<string>;
}

/**
 * A publisher with a confirm channel of its own, opened again after a loss. It sends all messages of a call pipelined,
 * at the pace the socket takes them, and resolves when the broker has answered for each.
 */
export function createPublisher(broker: Broker, options: PublisherOptions): Publish {
  let current: Promise<Line> | undefined;
  const line = (): Promise<Line> => {
    if (current !== undefined) return current;
    // Only its own end: a channel that is opened again meanwhile stays.
    const ended = () => {
      if (current === opening) current = undefined;
    };
    const opening = openLine(broker, ended);
    current = opening;
    opening.catch(ended); // Whoever waits for it hears of it.
    return opening;
  };
  return async (messages) => {
    if (messages.length === 0) return [];
    const open = await line();
    return unlessGone(open.channel, broker.address, () => sendAll(open, messages, options));
  };
}

async function openLine(broker: Broker, onClose: () => void): Promise<Line> {
  const channel = await broker.confirmChannel();
  const returned = new Set<string>();
  channel.on('return', (message) => returned.add(String(message.properties.messageId)));
  channel.setMaxListeners(0);
  channel.once('close', onClose);
  return { channel, returned };
}

/**
 * Does work that waits for the channel, and rejects when the channel closes first. Each call has a listener of its own,
 * which goes with it: a promise that lives as long as the channel would keep what every call left behind.
 */
async function unlessGone<T>(channel: ConfirmChannel, address: string, work: () => Promise<T>): Promise<T> {
  const { promise: gone, reject } = Promise.withResolvers<never>();
  const onClose = () => {
    reject(new BrokerUnavailable(`The channel to RabbitMQ at ${address} closed before it confirmed`));
  };
  channel.once('close', onClose);
  try {
    return await Promise.race([work(), gone]);
  } finally {
    channel.off('close', onClose);
  }
}

async function sendAll(
  line: Line,
  messages: readonly OutgoingMessage[],
  options: PublisherOptions,
): Promise<PublishOutcome[]> {
  const outcomes = new Array<PublishOutcome>(messages.length);
  const { promise: allAnswered, resolve } = Promise.withResolvers<PublishOutcome[]>();
  let unanswered = messages.length;
  const timestamp = Math.floor(Date.now() / 1000);
  for (const [index, message] of messages.entries()) {
    const answered = (error: unknown) => {
      const outcome = outcomeOf(error, line.returned.delete(message.messageId));
      if (outcome === undefined) return;
      outcomes[index] = outcome;
      unanswered -= 1;
      if (unanswered === 0) resolve(outcomes);
    };
    const properties = propertiesOf(message, options, timestamp);
    const goesOn = line.channel.publish(options.exchange, message.lane, bufferOf(message.body), properties, answered);
    if (!goesOn) await once(line.channel, 'drain');
  }
  return allAnswered;
}

/** Undefined when the channel closed without an answer: `unlessGone` tells of that, for all messages at once. */
function outcomeOf(error: unknown, cameBack: boolean): PublishOutcome | undefined {
  if (error instanceof Error) return error.message === 'message nacked' ? 'refused' : undefined;
  return cameBack ? 'unroutable' : 'confirmed';
}

function propertiesOf(message: OutgoingMessage, options: PublisherOptions, timestamp: number): Options.Publish {
  return {
    messageId: message.messageId,
    type: message.type,
    appId: options.appId,
    contentType: 'application/json',
    timestamp,
    persistent: true,
    mandatory: options.mandatory,
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
