import { Agent, Pool } from 'undici';
import type { BodyReader } from './body.ts';
import { MeasuredClient, type DispatchFor } from './connection.ts';
import { Exchange, ExchangeFailure, type Answer } from './exchange.ts';
import type { HttpRequest } from './request.ts';
import { faultOf } from './why.ts';

/**
 * How long a connection is kept for the next request, in milliseconds, give or take undici's clock of half a second: a
 * burst of requests shares connections; what is asked each few seconds is asked over a new one, whose parts are measured.
 */
const KEPT_MS = 1_000;
/** The most requests of a connection: under a burst without end its name and certificate are looked at all the same. */
const REQUESTS_A_CONNECTION = 1_000;

/** How an exchange is made. */
export interface ExchangeOptions {
  /** How much time is left for it, in milliseconds. */
  readonly leftMs: number;
  /** The whole that this is left of, for words. */
  readonly timeoutMs: number;
  /** Ends it with the signal's reason. */
  readonly signal: AbortSignal;
  /** Over a connection of its own. */
  readonly fresh?: boolean;
}

/** Sends requests, over connections that a process shares. */
export interface HttpClient {
  /** Sends a request, and reads the answer as far as `readerOf` wants it. @throws ExchangeFailure */
  exchange<R extends BodyReader>(
    request: HttpRequest,
    readerOf: () => R,
    options: ExchangeOptions,
  ): Promise<Exchanged<R>>;
  close(): Promise<void>;
}

/** An answer, and the reader that has its body. */
export interface Exchanged<R extends BodyReader> extends Answer {
  readonly body: R;
}

export function openHttpClient(): HttpClient {
  const kept = agentOf(1);
  const fresh = agentOf(0);
  return {
    exchange: async (request, readerOf, options) => {
      if (options.fresh === true) return once(fresh, request, readerOf(), options);
      try {
        return await once(kept, request, readerOf(), options);
      } catch (error) {
        // The other side may close a kept connection in the very moment of the next request, and that says nothing.
        const stale = error instanceof ExchangeFailure && error.reused && faultOf(error)?.why === 'reset';
        if (!stale || options.signal.aborted) throw error;
        return once(fresh, request, readerOf(), options);
      }
    },
    close: async () => {
      await Promise.all([kept.destroy(), fresh.destroy()]);
    },
  };
}

/** @param pipelining requests at once over a connection; 0 where it is closed after one. */
function agentOf(pipelining: 0 | 1): Agent {
  return new Agent({
    pipelining,
    keepAliveTimeout: KEPT_MS,
    keepAliveMaxTimeout: KEPT_MS,
    maxRequestsPerClient: REQUESTS_A_CONNECTION,
    // Each exchange has a time limit of its own.
    headersTimeout: 0,
    bodyTimeout: 0,
    factory: (origin, options) =>
      new Pool(origin, { ...(options as Pool.Options), factory: (one, each) => new MeasuredClient(one, each) }),
  });
}

async function once<R extends BodyReader>(
  agent: Agent,
  { method, url, headers, body }: HttpRequest,
  reader: R,
  { leftMs, timeoutMs, signal }: ExchangeOptions,
): Promise<Exchanged<R>> {
  signal.throwIfAborted();
  const exchange = new Exchange(reader);
  const timer = setTimeout(() => {
    exchange.timeOut(timeoutMs);
  }, leftMs);
  const onAbort = (): void => {
    exchange.stop(signal.reason as Error);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  const options: DispatchFor = {
    ...{ origin: url.origin, path: `${url.pathname}${url.search}`, method, headers },
    ...(body === undefined ? {} : { body }),
    opener: exchange,
  };
  agent.dispatch(options, exchange);
  try {
    return { ...(await exchange.answer), body: reader };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}
