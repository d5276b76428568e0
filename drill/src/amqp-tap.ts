/**
 * Counts, from the frames that pass, what an AMQP connection has not settled: deliveries without an ack, and publishes
 * without a confirm. The drill kills a process at the very moment at which it has some.
 */
const FRAME_METHOD = 1;
const FRAME_HEADER_BYTES = 7;
/** Type, channel, size, payload, end octet. */
const FRAME_AROUND_BYTES = 8;
/** The longest start of a method frame that is looked at: enough for a consumer tag of 255 bytes. */
const LOOKED_AT_BYTES = 300;
const PROTOCOL_HEADER_BYTES = 8;

const CHANNEL = 20;
const BASIC = 60;
const CONFIRM = 85;

/** One direction of a connection. */
export interface Tap {
  take(chunk: Buffer): void;
}

/** What one connection has not settled yet. */
export class Unsettled {
  readonly #delivered = new Map<number, Set<number>>();
  readonly #published = new Map<number, { next: number; open: Set<number> }>();

  /** Deliveries that were neither acked nor given back. */
  get deliveries(): number {
    return [...this.#delivered.values()].reduce((sum, tags) => sum + tags.size, 0);
  }

  /** Publishes that the broker has not answered, on channels with confirms. */
  get publishes(): number {
    return [...this.#published.values()].reduce((sum, { open }) => sum + open.size, 0);
  }

  /** Methods from the client to the broker. */
  fromClient(channel: number, classId: number, methodId: number, args: Buffer): void {
    if (classId === CONFIRM && methodId === 10) this.#published.set(channel, { next: 1, open: new Set() });
    else if (classId === CHANNEL && (methodId === 40 || methodId === 41)) this.#forget(channel);
    else if (classId !== BASIC) return;
    else if (methodId === 40) this.#publish(channel);
    else if (methodId === 90) settle(this.#delivered.get(channel), tagOf(args), false);
    else if (methodId === 80 || methodId === 120) settle(this.#delivered.get(channel), tagOf(args), isMultiple(args));
  }

  /** Methods from the broker to the client. */
  fromBroker(channel: number, classId: number, methodId: number, args: Buffer): void {
    if (classId === CHANNEL && (methodId === 40 || methodId === 41)) this.#forget(channel);
    else if (classId !== BASIC) return;
    else if (methodId === 60) this.#deliver(channel, tagOf(args.subarray(1 + (args[0] ?? 0))));
    else if (methodId === 80 || methodId === 120)
      settle(this.#published.get(channel)?.open, tagOf(args), isMultiple(args));
  }

  #publish(channel: number): void {
    const line = this.#published.get(channel);
    if (line === undefined) return;
    line.open.add(line.next);
    line.next += 1;
  }

  #deliver(channel: number, tag: number): void {
    const tags = this.#delivered.get(channel) ?? new Set();
    this.#delivered.set(channel, tags.add(tag));
  }

  #forget(channel: number): void {
    this.#delivered.delete(channel);
    this.#published.delete(channel);
  }
}

const tagOf = (args: Buffer): number => Number(args.readBigUInt64BE(0));

const isMultiple = (args: Buffer): boolean => ((args[8] ?? 0) & 1) === 1;

/** Tags were added in ascending order; tag 0 with `multiple` means all. */
function settle(tags: Set<number> | undefined, tag: number, multiple: boolean): void {
  if (tags === undefined) return;
  if (!multiple) tags.delete(tag);
  else if (tag === 0) tags.clear();
  else
    for (const one of tags) {
      if (one > tag) break;
      tags.delete(one);
    }
}

type OnMethod = (channel: number, classId: number, methodId: number, args: Buffer) => void;

/** Reads frames from chunks that end anywhere, and tells of the methods. */
export class FrameTap implements Tap {
  readonly #onMethod: OnMethod;
  /** Bytes before the next frame: the protocol header, then what is left of a frame. */
  #skip: number;
  #start = Buffer.alloc(0);

  constructor(onMethod: OnMethod, from: 'client' | 'broker') {
    this.#onMethod = onMethod;
    this.#skip = from === 'client' ? PROTOCOL_HEADER_BYTES : 0;
  }

  take(chunk: Buffer): void {
    let rest = this.#start.length === 0 ? chunk : Buffer.concat([this.#start, chunk]);
    this.#start = Buffer.alloc(0);
    for (;;) {
      const skipped = Math.min(this.#skip, rest.length);
      this.#skip -= skipped;
      rest = rest.subarray(skipped);
      if (rest.length < FRAME_HEADER_BYTES) break;
      const size = rest.readUInt32BE(3);
      const needed = rest[0] === FRAME_METHOD ? FRAME_HEADER_BYTES + Math.min(size, LOOKED_AT_BYTES) : 0;
      if (rest.length < needed) break;
      if (rest[0] === FRAME_METHOD) this.#method(rest.readUInt16BE(1), rest.subarray(FRAME_HEADER_BYTES, needed));
      this.#skip = size + FRAME_AROUND_BYTES;
    }
    if (rest.length > 0) this.#start = Buffer.from(rest);
  }

  #method(channel: number, payload: Buffer): void {
    if (payload.length < 4) return;
    this.#onMethod(channel, payload.readUInt16BE(0), payload.readUInt16BE(2), payload.subarray(4));
  }
}
