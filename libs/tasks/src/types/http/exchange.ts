import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { BodyReader } from './body.ts';
import type { Connection, ConnectionTimes, Opener, Opening } from './connection.ts';

/** What an answer came to, and how long it took. Its body is with the reader. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Whether it came over a connection that was kept: then that has no times. */
  readonly reused: boolean;
  readonly connection: ConnectionTimes;
  /** From when the request was sent until the headers of the answer had come, in milliseconds. */
  readonly firstByteMs: number;
}

/** The time of an exchange is over. */
export class ExchangeTimeout extends Error {
  override name = 'ExchangeTimeout';
}

/** How an exchange failed. */
export class ExchangeFailure extends Error {
  override name = 'ExchangeFailure';
  /** Whether the request went over a connection that was kept. */
  readonly reused: boolean;
  readonly connection: ConnectionTimes;

  constructor(cause: unknown, { reused, connection }: { reused: boolean; connection: ConnectionTimes }) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.reused = reused;
    this.connection = connection;
  }
}

export const NO_TIMES: ConnectionTimes = { dnsMs: null, connectMs: null, tlsMs: null };

/** What there was not, when the time ran out. */
const MISSING: Record<Opening | 'the answer' | 'the body', string> = {
  'the name': 'Its name was not looked up',
  'the connection': 'There was no connection',
  'the handshake': 'The TLS handshake was not done',
  'the answer': 'There was no answer',
  'the body': 'The answer was not whole',
};

/** One request and its answer. It ends with the answer, as far as its reader wants it, or with a failure. */
export class Exchange implements Dispatcher.DispatchHandler, Opener {
  readonly #reader: BodyReader;
  readonly #end = Promise.withResolvers<Answer>();
  #connection: Connection | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #sentAt = 0;
  #answer: Answer | undefined;
  #stopped: Error | undefined;

  constructor(reader: BodyReader) {
    this.#reader = reader;
  }

  /** @throws ExchangeFailure */
  get answer(): Promise<Answer> {
    return this.#end.promise;
  }

  /** Ends it at the end of its time. @param limitMs for words. */
  timeOut(limitMs: number): void {
    const part = this.#controller === undefined ? (this.#connection?.opening ?? 'the connection') : this.#waiting;
    this.stop(new ExchangeTimeout(`${MISSING[part]} within ${limitMs} ms.`));
  }

  /** Ends it, and what it waits for. */
  stop(reason: Error): void {
    this.#stopped = reason;
    if (this.#controller !== undefined) this.#controller.abort(reason);
    else this.#connection?.destroy(reason);
    this.#fail(reason);
  }

  opened(connection: Connection): void {
    this.#connection = connection;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#stopped !== undefined) {
      controller.abort(this.#stopped);
      return;
    }
    this.#controller = controller;
    this.#sentAt = performance.now();
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return; // The answer is still to come.
    const firstByteMs = performance.now() - this.#sentAt;
    this.#answer = { status, headers, firstByteMs, ...this.#over };
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#reader.read(chunk)) return;
    this.#succeed();
    controller.abort(new Error('No more of the answer is wanted.'));
  }

  onResponseEnd(): void {
    this.#succeed();
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error);
  }

  get #waiting(): 'the answer' | 'the body' {
    return this.#answer === undefined ? 'the answer' : 'the body';
  }

  get #over(): { reused: boolean; connection: ConnectionTimes } {
    return { reused: this.#connection === undefined, connection: this.#connection?.times ?? NO_TIMES };
  }

  #succeed(): void {
    if (this.#answer !== undefined) this.#end.resolve(this.#answer);
  }

  #fail(error: unknown): void {
    this.#end.reject(new ExchangeFailure(error, this.#over));
  }
}
