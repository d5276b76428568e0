import type { ConfirmChannel } from 'amqplib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { OutgoingMessage } from '@esteira/pipeline';
import { BrokerUnavailable } from '../src/index.ts';
import { frameWriter } from '../src/frame-writer.ts';
import { frameEncoder, type Envelope } from '../src/frames.ts';
import { connected, openStage, type Stage } from './support/stage.ts';

let stage: Stage;
let channel: ConfirmChannel;

beforeAll(async () => {
  stage = await openStage();
  channel = await stage.broker.confirmChannel();
});

afterAll(() => stage.close());

const TIMESTAMP = 1_760_000_000;

/** What amqplib writes for a message. Nothing of it gets to the broker. */
function byAmqplib(envelope: Envelope, { messageId, type, lane, body, headers }: OutgoingMessage): Buffer {
  const { connection, ch } = channel as unknown as {
    ch: number;
    connection: { channels: Record<number, { buffer: unknown }>; frameMax: number };
  };
  const entry = connection.channels[ch]!;
  const { buffer } = entry;
  const written: Buffer[] = [];
  entry.buffer = { write: (bytes: Buffer) => written.push(bytes) > 0 };
  try {
    const { exchange, mandatory, appId, contentType } = envelope;
    const properties = {
      messageId,
      type,
      appId,
      contentType,
      timestamp: TIMESTAMP,
      persistent: true,
      mandatory,
      headers,
    };
    channel.publish(exchange, lane, Buffer.from(body), properties);
  } finally {
    entry.buffer = buffer;
  }
  return Buffer.concat(written);
}

const ascii = (maxLength: number) => fc.string({ unit: 'grapheme-ascii', maxLength });
const anyHeaders = fc.dictionary(
  ascii(30),
  fc.oneof(
    fc.integer(),
    fc.integer({ min: -40_000, max: 40_000 }),
    fc.string({ unit: 'binary' }),
    fc.constant(undefined),
  ),
);
const anyMessage = fc.record({
  messageId: ascii(255),
  type: ascii(40),
  lane: ascii(40),
  body: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 3_000 }),
    fc.uint8Array({ minLength: 100_000, maxLength: 131_064 }),
  ),
  headers: anyHeaders,
});
const anyEnvelope = fc.record({
  exchange: ascii(60),
  mandatory: fc.boolean(),
  appId: ascii(60),
  contentType: ascii(60),
});

const encoderOf = (envelope: Envelope) => {
  const { ch, connection } = channel as unknown as { ch: number; connection: { frameMax: number } };
  return frameEncoder(ch, connection.frameMax, envelope);
};

describe('the frames of messages', () => {
  it('are those of amqplib, byte by byte', () => {
    fc.assert(
      fc.property(anyEnvelope, fc.array(anyMessage, { minLength: 1, maxLength: 5 }), (envelope, messages) => {
        const encoder = encoderOf(envelope);
        const bytes = messages.reduce((sum, message) => sum + (encoder.sizeOf(message) ?? Number.NaN), 0);
        const expected = Buffer.concat(messages.map((message) => byAmqplib(envelope, message)));
        expect(encoder.encode(messages, bytes, TIMESTAMP).equals(expected)).toBe(true);
      }),
    );
  });

  it.each([
    ['headers of another kind', { headers: { nested: { a: 1 } } }],
    ['a fraction in a header', { headers: { a: 1.5 } }],
    ['a number beyond 32 bits', { headers: { a: 2 ** 31 } }],
    ['a body beyond one frame', { body: Buffer.alloc(131_073) }],
    ['no body', { body: Buffer.alloc(0) }],
    ['an id that is not ASCII', { messageId: 'ü' }],
  ])('of a message with %s are left to amqplib', (_, change) => {
    const message = { messageId: 'm', type: 't', lane: 'l', body: Buffer.from('b'), headers: {}, ...change };
    const envelope = { exchange: 'e', mandatory: true, appId: 'a', contentType: 'c' };
    expect(encoderOf(envelope).sizeOf(message)).toBeUndefined();
  });
});

describe('a writer of frames', () => {
  const envelope = { exchange: '', mandatory: false, appId: 'a', contentType: 'c' };

  it('says that the broker is unavailable when its channel is closed', async () => {
    // A connection of its own: what the tests above reckon leaves theirs without heartbeats for long.
    const broker = await connected(stage.url);
    onTestFinished(() => broker.close());
    const own = await broker.confirmChannel();
    const writer = frameWriter(own, envelope);
    await own.close();
    expect(() => writer.write(Buffer.alloc(0), [])).toThrow(BrokerUnavailable);
  });

  it.each(['pushConfirmCallback', 'connection'])('refuses an amqplib whose channel has no %s', (member) => {
    const other = new Proxy(channel, {
      get: (own, name) => (name === member ? undefined : Reflect.get(own, name)) as unknown,
    });
    expect(() => frameWriter(other, envelope)).toThrow(/^amqplib has changed: /);
  });
});
