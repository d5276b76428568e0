import { addAbortSignal, PassThrough, pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { charsetIn, toUtf8, type Charset } from './charset.ts';
import { boundaryOf, fileTypeOf, type FileType } from './content-type.ts';
import { fileOfForm } from './form.ts';
import { refuseCharset, refuseNotText } from './not-text.ts';

/** The client went away before the body was complete. */
export class BodyBrokeOff extends Error {
  constructor() {
    super('The client went away before the body was complete');
    this.name = 'BodyBrokeOff';
  }
}

/** What is said of a body. */
export interface BodyType {
  /** Of the request. A form gives its file one of its own. */
  readonly contentType?: string;
  /** Whatever a content type says. */
  readonly charset?: Charset;
}

/** The file in a body, unpacked, in UTF-8. */
export interface OpenBody {
  /** In chunks of some 64 KiB, with back-pressure up to the socket. */
  readonly bytes: AsyncIterable<Buffer>;
  /** The first bytes, which are in `bytes` too. */
  readonly head: Buffer;
  readonly type: FileType;
  /** Which the file was in. */
  readonly charset: Charset;
  /** Gives up reading. The request can still be answered. */
  close(): void;
}

/** In bytes. */
const CHUNK_BYTES = 65_536;

/**
 * Opens a request's body: a file, or a form with one. gzip is recognised by its magic number, however it was declared.
 * Reading rejects with BodyBrokeOff, with an AbortError when `signal` fires, with an error of zlib whose code begins
 * with `Z_`, or with a problem of the form.
 */
export async function openBody(request: Readable, said: BodyType, signal: AbortSignal): Promise<OpenBody> {
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
  try {
    return { ...(await openFile(raw, said)), close };
  } catch (error) {
    close();
    throw error;
  }
}

async function openFile(raw: Readable, said: BodyType): Promise<Omit<OpenBody, 'close'>> {
  const sent = await unpacked(raw);
  const boundary = boundaryOf(said.contentType);
  const form = boundary === undefined ? undefined : await fileOfForm(sent.bytes, boundary);
  const file = form === undefined ? sent : await unpacked(form.bytes);
  refuseNotText(file.head);
  const type = fileTypeOf(form === undefined ? said.contentType : form.contentType);
  if (said.charset === undefined && type.unknownCharset !== undefined) throw refuseCharset(type.unknownCharset);
  const charset = charsetIn(file.head, said.charset ?? type.charset);
  return { ...(charset === 'utf-8' ? file : await peek(toUtf8(file.bytes, charset))), type, charset };
}

interface Peeked {
  readonly head: Buffer;
  readonly bytes: AsyncIterable<Buffer>;
}

async function unpacked(stream: AsyncIterable<Buffer>): Promise<Peeked> {
  const packed = await peek(stream);
  if (!(packed.head[0] === 0x1f && packed.head[1] === 0x8b)) return packed;
  // An error of either comes out of the end that is read.
  return peek(pipeline(packed.bytes, createGunzip({ chunkSize: CHUNK_BYTES }), () => undefined));
}

/** Enough for a magic number, or for a byte order mark and a character after it. */
const HEAD_BYTES = 8;

async function peek(stream: AsyncIterable<Buffer>): Promise<Peeked> {
  const chunks = stream[Symbol.asyncIterator]();
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
