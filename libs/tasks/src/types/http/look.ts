import type { BodyReader } from './body.ts';
import type { Exchanged, HttpClient } from './client.ts';
import type { ConnectionTimes } from './connection.ts';
import { ExchangeFailure, NO_TIMES } from './exchange.ts';
import { isNamed, judged, readerFor, type Expectation } from './expectation.ts';
import { RedirectChain, redirectOf } from './redirect.ts';
import type { HttpRequest } from './request.ts';
import { faultOf, type Fault } from './why.ts';

/** What one look at a site saw. Times are in milliseconds. */
export interface Look {
  /** Why it is down; undefined where it is up. */
  readonly fault: Fault | undefined;
  /** Of the last answer; null where there was none. */
  readonly status: number | null;
  /** From the beginning until the answer was read, redirects included. */
  readonly latencyMs: number;
  /** The parts of the connection of the last answer; nulls where it was kept from before. */
  readonly connection: ConnectionTimes;
  /** From when the last request was sent until the headers of the answer had come. */
  readonly firstByteMs: number | null;
  /** Whether the last request went over a connection that was kept. */
  readonly reused: boolean;
  readonly redirects: number;
}

/** How a look is made. */
export interface LookOptions {
  /** Of the whole look, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Over connections of its own. */
  readonly fresh: boolean;
}

/** This machine could not ask: nothing is known of the site. */
export class NoLook extends Error {
  override name = 'NoLook';
}

/** What is known when a look ends. */
type Seen = Pick<Look, 'fault'> & Partial<Pick<Look, 'status' | 'connection' | 'firstByteMs' | 'reused'>>;

/** Looks at a site once. @throws NoLook, or the signal's reason once it has fired. */
export async function look(
  client: HttpClient,
  first: HttpRequest,
  expected: Expectation,
  options: LookOptions,
): Promise<Look> {
  const begunAt = performance.now();
  const chain = new RedirectChain(first);
  const leftMs = (): number => Math.max(1, Math.ceil(options.timeoutMs - (performance.now() - begunAt)));
  let seen: Seen | undefined;
  for (let request = first; seen === undefined;) {
    const met = await asked(client, request, expected, { ...options, leftMs: leftMs() });
    if ('seen' in met) seen = met.seen;
    else {
      const fault = chain.follow(met.next);
      if (fault === undefined) request = met.next;
      else seen = { ...met.answer, fault };
    }
  }
  const nothing = { status: null, connection: NO_TIMES, firstByteMs: null, reused: false };
  return { ...nothing, ...seen, latencyMs: performance.now() - begunAt, redirects: chain.length };
}

type Met =
  | { readonly seen: Seen }
  /** Where the answer leads. */
  | { readonly next: HttpRequest; readonly answer: Omit<Seen, 'fault'> };

async function asked(
  client: HttpClient,
  request: HttpRequest,
  expected: Expectation,
  options: LookOptions & { readonly leftMs: number },
): Promise<Met> {
  let exchanged: Exchanged<BodyReader>;
  try {
    exchanged = await client.exchange(request, () => readerFor(expected), options);
  } catch (error) {
    return { seen: failed(error, options.signal) };
  }
  const { status, headers, connection, firstByteMs, reused, body } = exchanged;
  const answer = { status, connection, firstByteMs, reused };
  const next = isNamed(status, expected) ? undefined : redirectOf(request, status, headers.location);
  if (next === undefined) return { seen: { ...answer, fault: judged(status, body, expected) } };
  return 'why' in next ? { seen: { ...answer, fault: next } } : { next, answer };
}

function failed(error: unknown, signal: AbortSignal): Seen {
  if (signal.aborted || !(error instanceof ExchangeFailure)) throw error;
  const fault = faultOf(error);
  if (fault === undefined) throw new NoLook(`This machine could not ask: ${error.message}`, { cause: error });
  return { fault, connection: error.connection, reused: error.reused };
}
