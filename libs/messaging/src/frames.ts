import type { OutgoingMessage, WireHeaders } from '@esteira/pipeline';

/**
 * Encodes publishes for amqplib's connection, many in one buffer. amqplib encodes each message by itself, which is most
 * of what a publisher does; what all messages of a publisher share is encoded here once. The bytes are those of
 * amqplib (`test/frames.test.ts` compares them), and they take its way out: socket, TLS, heartbeats and confirms stay
 * its own. Layout: AMQP 0-9-1, sections 2.3 and 4.2.
 */

/** What all messages of a publisher share. */
export interface Envelope {
  readonly exchange: string;
  readonly mandatory: boolean;
  readonly appId: string;
  readonly contentType: string;
}

/** Encodes messages on one channel. */
export interface FrameEncoder {
  /** The bytes of a message on the wire; undefined where only amqplib can encode it. */
  sizeOf(message: OutgoingMessage): number | undefined;
  /** All frames of messages that have a size, `bytes` together. `timestamp` is in seconds. */
  encode(messages: readonly OutgoingMessage[], bytes: number, timestamp: number): Buffer;
}

const [METHOD, HEADER, BODY, FRAME_END] = [1, 2, 3, 0xce];
const FRAME_OVERHEAD = 8;
const [BASIC, PUBLISH] = [60, 40];
const PERSISTENT = 2;
/** content-type, headers, delivery-mode, message-id, timestamp, type, app-id: each a bit. */
const FLAGS = 0b1011_0000_1110_1000;
/** Of a header frame before what is variable: frame header, class, weight, body size, flags. */
const HEADER_START = 7 + 2 + 2 + 8 + 2;
/** The types of whole numbers in a table: tag and bytes. */
const INTEGERS = [
  ['b', 1],
  ['s', 2],
  ['I', 4],
] as const;
const SHORT_STRING = /^[\x20-\x7e]{0,255}$/;

/** The parts of a message that are the same for many, encoded. */
interface Template {
  readonly channel: number;
  readonly methodOf: (lane: string) => Buffer;
  readonly contentType: Buffer;
  /** Undefined for a table that only amqplib can encode. */
  readonly tableOf: (headers: WireHeaders) => Buffer | undefined;
  /** The properties after the timestamp. */
  readonly tailOf: (type: string) => Buffer;
}

/** @param frameMax the largest frame of the connection, in bytes. */
export function frameEncoder(channel: number, frameMax: number, envelope: Envelope): FrameEncoder {
  const tables = new WeakMap<WireHeaders, Buffer | undefined>();
  const template: Template = {
    channel,
    methodOf: remembered((lane) => methodFrame(channel, envelope, lane)),
    contentType: shortString(envelope.contentType),
    tableOf: (headers) => {
      if (!tables.has(headers)) tables.set(headers, encodeTable(headers));
      return tables.get(headers);
    },
    tailOf: remembered((type) => Buffer.concat([shortString(type), shortString(envelope.appId)])),
  };
  return {
    sizeOf: (message) => (isPlain(message, frameMax) ? sizeOf(message, template) : undefined),
    encode(messages, bytes, timestamp) {
      const into = Buffer.allocUnsafe(bytes);
      let at = 0;
      for (const message of messages) at = putMessage(into, message, template, timestamp, at);
      return into;
    },
  };
}

/** Whether it has names of ASCII, and a body that one frame holds. */
function isPlain({ messageId, type, lane, body }: OutgoingMessage, frameMax: number): boolean {
  if (!SHORT_STRING.test(messageId) || !SHORT_STRING.test(type) || !SHORT_STRING.test(lane)) return false;
  return body.byteLength > 0 && body.byteLength + FRAME_OVERHEAD <= frameMax;
}

function sizeOf({ messageId, type, lane, body, headers }: OutgoingMessage, template: Template): number | undefined {
  const table = template.tableOf(headers);
  if (table === undefined) return undefined;
  const properties =
    template.contentType.length + table.length + 2 + messageId.length + 8 + template.tailOf(type).length;
  return template.methodOf(lane).length + HEADER_START + properties + 1 + FRAME_OVERHEAD + body.byteLength;
}

/** Writes the three frames of a message: method, header, body. Answers where they end. */
function putMessage(
  into: Buffer,
  { messageId, type, lane, body, headers }: OutgoingMessage,
  { channel, methodOf, contentType, tableOf, tailOf }: Template,
  timestamp: number,
  start: number,
): number {
  const header = put(into, methodOf(lane), start);
  let at = headerStart(into, channel, body.byteLength, header);
  at = put(into, contentType, at);
  at = put(into, tableOf(headers) ?? EMPTY, at);
  at = into.writeUInt8(PERSISTENT, at);
  at = into.writeUInt8(messageId.length, at);
  at += into.write(messageId, at, 'latin1');
  at = into.writeUInt32BE(0, at);
  at = into.writeUInt32BE(timestamp, at);
  at = put(into, tailOf(type), at);
  into.writeUInt32BE(at - header - 7, header + 3);
  at = into.writeUInt8(FRAME_END, at);
  at = frameStart(into, BODY, channel, body.byteLength, at);
  at = put(into, body, at);
  return into.writeUInt8(FRAME_END, at);
}

const EMPTY = Buffer.alloc(0);

function put(into: Buffer, bytes: Uint8Array, at: number): number {
  into.set(bytes, at);
  return at + bytes.length;
}

function frameStart(into: Buffer, type: number, channel: number, size: number, at: number): number {
  into.writeUInt8(type, at);
  into.writeUInt16BE(channel, at + 1);
  return into.writeUInt32BE(size, at + 3);
}

/** The frame's own size is not known yet. */
function headerStart(into: Buffer, channel: number, bodyBytes: number, at: number): number {
  at = frameStart(into, HEADER, channel, 0, at);
  at = into.writeUInt16BE(BASIC, at);
  at = into.writeUInt16BE(0, at);
  at = into.writeUInt32BE(0, at);
  at = into.writeUInt32BE(bodyBytes, at);
  return into.writeUInt16BE(FLAGS, at);
}

function methodFrame(channel: number, { exchange, mandatory }: Envelope, lane: string): Buffer {
  const payload = [shortString(exchange), shortString(lane), Buffer.from([mandatory ? 1 : 0])];
  const size = 6 + payload.reduce((sum, { length }) => sum + length, 0);
  const start = Buffer.alloc(7 + 6);
  let at = frameStart(start, METHOD, channel, size, 0);
  at = start.writeUInt16BE(BASIC, at);
  start.writeUInt16BE(PUBLISH, at);
  return Buffer.concat([start, ...payload, Buffer.from([FRAME_END])]);
}

function shortString(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

/** Whole numbers and texts, in amqplib's choice of types; undefined for a table that holds anything else. */
function encodeTable(headers: WireHeaders): Buffer | undefined {
  const fields: Buffer[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    const encoded = SHORT_STRING.test(name) ? encodeValue(value) : undefined;
    if (encoded === undefined) return undefined;
    fields.push(shortString(name), encoded);
  }
  const all = Buffer.concat(fields);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(all.length);
  return Buffer.concat([size, all]);
}

function encodeValue(value: unknown): Buffer | undefined {
  if (typeof value === 'string') {
    const bytes = Buffer.from(value);
    const start = Buffer.from('S\0\0\0\0');
    start.writeUInt32BE(bytes.length, 1);
    return Buffer.concat([start, bytes]);
  }
  if (typeof value !== 'number' || !Number.isInteger(value)) return undefined;
  const fitting = INTEGERS.find(([, bytes]) => value >= -(2 ** (8 * bytes - 1)) && value < 2 ** (8 * bytes - 1));
  if (fitting === undefined) return undefined;
  const [tag, bytes] = fitting;
  const field = Buffer.from(tag.padEnd(1 + bytes, '\0'));
  field.writeIntBE(value, 1, bytes);
  return field;
}

/** Neighbours are mostly alike: the last answer is kept. */
function remembered<V>(work: (key: string) => V): (key: string) => V {
  let last: { readonly key: string; readonly value: V } | undefined;
  return (key) => {
    if (last === undefined || last.key !== key) last = { key, value: work(key) };
    return last.value;
  };
}
