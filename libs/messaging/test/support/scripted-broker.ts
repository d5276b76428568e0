import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { dirname, join } from 'node:path';

/** How a broker refuses an exchange type it doesn't know: 3.10 ends the connection, later ones the channel. */
export type Refusal = 'connection-503' | 'channel-406';

/** One method a client sent, with the headers of the message when it was a publish. */
export interface Call {
  readonly method: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly body?: string;
}

/** A peer that speaks enough AMQP 0-9-1 for topologies and confirmed publishes, and remembers what it was told. */
export interface ScriptedBroker {
  readonly url: string;
  readonly calls: readonly Call[];
  close(): Promise<void>;
}

/** The driver's own codec, which it does not export. */
const require = createRequire(import.meta.url);
const internals = join(dirname(require.resolve('amqplib')), 'lib');
const defs = require(join(internals, 'defs.js')) as {
  info(id: number): { name: string };
  encodeMethod(id: number, channel: number, fields: object): Buffer;
  [method: string]: unknown;
};
const codec = require(join(internals, 'frame.js')) as {
  parseFrame(bytes: Buffer, max: number): (object & { rest: Buffer }) | false;
  decodeFrame(frame: object): Frame;
};

interface Frame {
  readonly channel: number;
  readonly id?: number;
  readonly fields?: Record<string, unknown>;
  readonly size?: number;
  readonly content?: Buffer;
}

const BASIC_PROPERTIES = 60;
const PROTOCOL_HEADER_BYTES = 8;

/** What answers a method, where something does. */
const ANSWERS: Readonly<Record<string, string>> = {
  ConnectionOpen: 'ConnectionOpenOk',
  ConnectionClose: 'ConnectionCloseOk',
  ConnectionStartOk: 'ConnectionTune',
  ChannelOpen: 'ChannelOpenOk',
  ChannelClose: 'ChannelCloseOk',
  ConfirmSelect: 'ConfirmSelectOk',
  ExchangeDeclare: 'ExchangeDeclareOk',
  ExchangeDelete: 'ExchangeDeleteOk',
  QueueDeclare: 'QueueDeclareOk',
  QueueBind: 'QueueBindOk',
};

/** Fields that an answer can't do without. */
const FIELDS: Readonly<Record<string, object>> = {
  ConnectionTune: { channelMax: 100, frameMax: 131_072, heartbeat: 0 },
  QueueDeclareOk: { queue: '', messageCount: 0, consumerCount: 0 },
};

/**
 * In which breath a broker that is shutting down ends a connection: with the answer to its opening, or to a channel's
 * end; or it breaks off without a word when a channel is to be opened.
 */
export type Farewell = 'ConnectionOpenOk' | 'ChannelCloseOk' | 'reset';

/**
 * Starts one that knows the delayed-message plugin, or refuses its exchange type as a broker without it does. With a
 * farewell it ends the first connection.
 */
export async function openScriptedBroker(refusal?: Refusal, farewell?: Farewell): Promise<ScriptedBroker> {
  let parting = farewell;
  const calls: Call[] = [];
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined); // A client that leaves without a word.
    new Conversation(socket, calls, refusal, parting).listen();
    parting = undefined;
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    url: `amqp://guest:guest@127.0.0.1:${(listener.address() as AddressInfo).port}`,
    calls,
    close: async () => {
      const closed = once(listener, 'close');
      listener.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

class Conversation {
  readonly #socket: Socket;
  readonly #calls: Call[];
  readonly #refusal: Refusal | undefined;
  readonly #farewell: Farewell | undefined;
  #greeted = false;
  #bytes: Buffer = Buffer.alloc(0);
  /** A publish whose content is still coming. */
  #publish: { call: Call; size: number; content: Buffer[] } | undefined;
  #confirmed = 0;

  constructor(socket: Socket, calls: Call[], refusal: Refusal | undefined, farewell: Farewell | undefined) {
    this.#socket = socket;
    this.#calls = calls;
    this.#refusal = refusal;
    this.#farewell = farewell;
  }

  listen(): void {
    this.#socket.on('data', (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#greet();
      for (let frame = this.#next(); frame !== undefined; frame = this.#next()) this.#take(frame);
    });
  }

  #greet(): void {
    if (this.#greeted || this.#bytes.length < PROTOCOL_HEADER_BYTES) return;
    this.#greeted = true;
    this.#bytes = this.#bytes.subarray(PROTOCOL_HEADER_BYTES);
    const capabilities = { publisher_confirms: true, 'basic.nack': true, consumer_cancel_notify: true };
    const serverProperties = { product: 'scripted', version: '0', capabilities };
    this.#say('ConnectionStart', 0, {
      versionMajor: 0,
      versionMinor: 9,
      serverProperties,
      mechanisms: Buffer.from('PLAIN'),
    });
  }

  #next(): Frame | undefined {
    const frame = this.#greeted && codec.parseFrame(this.#bytes, 0);
    if (!frame) return undefined;
    this.#bytes = frame.rest;
    return codec.decodeFrame(frame);
  }

  #take(frame: Frame): void {
    if (frame.id === BASIC_PROPERTIES) this.#takeProperties(frame);
    else if (frame.content !== undefined) this.#takeContent(frame.channel, frame.content);
    else if (frame.id !== undefined) this.#takeMethod(frame.channel, defs.info(frame.id).name, frame.fields ?? {});
  }

  #takeMethod(channel: number, method: string, fields: Record<string, unknown>): void {
    if (method === 'BasicPublish') {
      this.#publish = { call: { method, fields }, size: 0, content: [] };
      return;
    }
    this.#calls.push({ method, fields });
    if (method === 'ChannelOpen' && this.#farewell === 'reset') this.#socket.resetAndDestroy();
    if (method === 'ExchangeDeclare' && fields['type'] === 'x-delayed-message' && this.#refuses(channel)) return;
    const answer = ANSWERS[method];
    if (answer !== undefined) this.#say(answer, channel, FIELDS[answer] ?? {});
  }

  #refuses(channel: number): boolean {
    const text = "invalid exchange type 'x-delayed-message'";
    const declaring = { classId: 40, methodId: 10 };
    if (this.#refusal === 'connection-503') {
      this.#say('ConnectionClose', 0, { replyCode: 503, replyText: `COMMAND_INVALID - ${text}`, ...declaring });
    }
    if (this.#refusal === 'channel-406') {
      this.#say('ChannelClose', channel, { replyCode: 406, replyText: `PRECONDITION_FAILED - ${text}`, ...declaring });
    }
    return this.#refusal !== undefined;
  }

  #takeProperties({ channel, size = 0, fields: properties = {} }: Frame): void {
    if (this.#publish === undefined) return;
    this.#publish = { ...this.#publish, call: { ...this.#publish.call, properties }, size };
    this.#finishPublish(channel);
  }

  #takeContent(channel: number, content: Buffer): void {
    this.#publish?.content.push(content);
    this.#finishPublish(channel);
  }

  /** Confirms a publish once all of it is here. */
  #finishPublish(channel: number): void {
    if (this.#publish === undefined) return;
    const { call, size, content } = this.#publish;
    const body = Buffer.concat(content);
    if (body.length < size) return;
    this.#publish = undefined;
    this.#calls.push({ ...call, body: body.toString() });
    this.#confirmed += 1;
    this.#say('BasicAck', channel, { deliveryTag: this.#confirmed, multiple: false });
  }

  #say(method: string, channel: number, fields: object): void {
    const said = defs.encodeMethod(defs[method] as number, channel, fields);
    this.#socket.write(method === this.#farewell ? Buffer.concat([said, shuttingDown()]) : said);
  }
}

function shuttingDown(): Buffer {
  const fields = { replyCode: 320, replyText: 'CONNECTION_FORCED - broker shut down', classId: 0, methodId: 0 };
  return defs.encodeMethod(defs['ConnectionClose'] as number, 0, fields);
}
