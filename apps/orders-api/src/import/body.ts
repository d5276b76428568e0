import { addAbortSignal, PassThrough, pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** The client went away before the body was complete. */
export class BodyBrokeOff extends Error {
  constructor() {
    super('The client went away before the body was complete');
    this.name = 'BodyBrokeOff';
  }
}

/** A body's bytes, unpacked. */
export interface OpenBody {
  /** In chunks of some 64 KiB, with back-pressure up to the socket. */
  readonly bytes: AsyncIterable<Buffer>;
  /** The first bytes, which are in `bytes` too. */
  readonly head: Buffer;
  /** Gives up reading. The request can still be answered. */
  close(): void;
}

/** In bytes. */
const CHUNK_BYTES = 65_536;

/**
 * Opens a request's body; gzip is recognised by its magic number, however it was declared. Reading rejects with
 * BodyBrokeOff, with an AbortError when `signal` fires, or with an error of zlib whose code begins with `Z_`.
 */
export async function openBody(request: Readable, signal: AbortSignal): Promise<OpenBody> {
  // Between them, so that giving up here does not destroy the request before it is answered.
  const raw = addAbortSignal(signal, new PassThrough({ highWaterMark: CHUNK_BYTES }));
  const close = () => {
    request.unpipe(raw);
    raw.destroy();
    // What is left is thrown away: unread, it would keep the connection open for good.
    request.resume();
  };
  const brokeOff = () => {
    if (!request.readableEnded) raw.destroy(new BodyBrokeOff());
  };
  request.on('error', brokeOff).once('close', brokeOff);
  if (request.destroyed) brokeOff();
  request.pipe(raw);
  const packed = await peek(raw);
  if (!(packed.head[0] === 0x1f && packed.head[1] === 0x8b)) return { ...packed, close };
  // An error of either comes out of the end that is read.
  const gunzip = pipeline(packed.bytes, createGunzip({ chunkSize: CHUNK_BYTES }), () => undefined);
  return { ...(await peek(gunzip)), close };
}

/** Enough for a magic number, or for a byte order mark and a character after it. */
const HEAD_BYTES = 8;

async function peek(stream: Readable): Promise<{ head: Buffer; bytes: AsyncIterable<Buffer> }> {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let head = Buffer.alloc(0);
  while (head.length < HEAD_BYTES) {
    const next = await chunks.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  return { head, bytes: withHead(head, chunks) };
}

async function* withHead(head: Buffer, chunks: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  yield* { [Symbol.asyncIterator]: () => chunks };
}
