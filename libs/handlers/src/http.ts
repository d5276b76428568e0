import { HEADER, type Handler, type HandlerContext, type HandlerOutcome } from '@esteira/pipeline';
import { Agent, request, type Dispatcher } from 'undici';
import { Circuit, failureKindOf, ServiceFailure } from './circuit.ts';
import { outcomeOfAnswer, type HttpAnswer } from './http-answer.ts';
import { failureOfRequest, wrongService, type NamedService } from './http-failure.ts';

/** The longest answer that is read, in bytes. */
const MAX_ANSWER_BYTES = 65_536;
/** The longest a connection may take to open, in milliseconds. */
const CONNECT_TIMEOUT_MS = 5_000;

/** Which service is asked, and how. */
export interface HttpHandlerOptions<M> {
  /** What people call it, for example `checker`; failures have codes such as `checker-unreachable`. */
  readonly role: string;
  /** The setting that names `url`, for advice. */
  readonly setting: string;
  /** User and password in it are sent as basic authentication. */
  readonly url: string;
  /** The most requests open at once. */
  readonly concurrency: number;
  /** The JSON that is posted for a message. */
  readonly body: (message: M, context: HandlerContext) => Uint8Array;
}

/**
 * Asks a service: POSTs what is made of the message. The answer decides by its status, see `outcomeOfAnswer`; while the
 * service is plainly down no attempt is spent, see `Circuit`.
 *
 * Each request names the attempt: `Idempotency-Key` (message id, round, attempt: the same when an attempt is sent once
 * more), `X-Message-Id`, `X-Attempt`, `X-Max-Attempts`, `X-Round`, and `traceparent` where the message has one.
 */
export function httpHandler<M>({ role, setting, url, concurrency, body }: HttpHandlerOptions<M>): Handler<M> {
  const target = { role, setting, ...targetOf(url) };
  const agent = new Agent({ connections: concurrency, connect: { timeout: CONNECT_TIMEOUT_MS } });
  const circuit = new Circuit({ code: `${role}-down`, message: `The ${role} is down.` });
  const ask = (message: M, context: HandlerContext): Promise<HandlerOutcome> =>
    circuit.through(context.attempt.messageId, async () => {
      const answer = await answered(target, agent, body(message, context), context);
      const outcome = outcomeOfAnswer(answer, role, new Date());
      const kind = failureKindOf(answer.status);
      if (outcome.kind !== 'retry' || kind === undefined) return outcome;
      const { error, afterMs } = outcome;
      const fault = kind === 'wrong' ? wrongService(answer, target) : error;
      throw new ServiceFailure(kind, error, { fault, ...(afterMs === undefined ? {} : { afterMs }) });
    });
  return {
    name: 'http',
    concurrency,
    handle: ask,
    check: () => {
      const fault = circuit.faultAt(new Date());
      return fault === undefined ? Promise.resolve() : Promise.reject(new Error(fault.message));
    },
    close: () => agent.destroy(),
  };
}

/** A service, with its credentials apart from its address. */
interface Target extends NamedService {
  readonly url: URL;
  readonly authorization: string | undefined;
}

function targetOf(text: string): Omit<Target, 'role' | 'setting'> {
  const url = new URL(text);
  const { username, password } = url;
  url.username = '';
  url.password = '';
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return {
    url,
    address: `${url.origin}${url.pathname}`,
    authorization: username === '' ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`,
  };
}

async function answered(target: Target, agent: Agent, body: Uint8Array, context: HandlerContext): Promise<HttpAnswer> {
  try {
    return await onceMore(() => sent(target, agent, body, context), target, context.signal);
  } catch (error) {
    if (!context.signal.aborted) throw failureOfRequest(error, target);
    const message = `The ${target.role} at ${target.address} did not answer in time.`;
    throw new ServiceFailure('failed', { code: 'timeout', message });
  }
}

/**
 * Sends again, at once, what broke off without an answer: a service may close a connection that it kept open in the
 * very moment of the next request. The idempotency key is the same.
 */
async function onceMore<T>(send: () => Promise<T>, target: Target, signal: AbortSignal): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (signal.aborted || failureOfRequest(error, target).kind === 'unreachable') throw error;
    return send();
  }
}

async function sent(target: Target, agent: Agent, posted: Uint8Array, context: HandlerContext): Promise<HttpAnswer> {
  const { statusCode, headers, body } = await request(target.url, {
    dispatcher: agent,
    method: 'POST',
    headers: headersOf(target, context),
    body: posted,
    signal: context.signal,
    // The attempt has a time limit of its own.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return {
    status: statusCode,
    contentType: one(headers['content-type']) ?? '',
    retryAfter: one(headers['retry-after']),
    location: one(headers['location']),
    text: await boundedText(body),
  };
}

function headersOf({ authorization }: Target, { attempt, traceparent }: HandlerContext): Record<string, string> {
  const { messageId, round } = attempt;
  return {
    'content-type': 'application/json',
    accept: 'application/json',
    'user-agent': 'esteira',
    'idempotency-key': `${messageId}:${round}:${attempt.attempt}`,
    'x-message-id': messageId,
    [HEADER.attempt]: String(attempt.attempt),
    [HEADER.maxAttempts]: String(attempt.maxAttempts),
    [HEADER.round]: String(round),
    ...(isHeaderValue(traceparent) ? { [HEADER.traceparent]: traceparent } : {}),
    ...(authorization === undefined ? {} : { authorization }),
  };
}

/** The message's own text: what no header can hold is not passed on, rather than failing the attempt over it. */
function isHeaderValue(text: string | undefined): text is string {
  return text !== undefined && /^[\x21-\x7e]{1,256}$/.test(text);
}

function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

/** Reads a body up to the bound; undefined where it is longer. Leaving the loop closes the connection. */
async function boundedText(body: Dispatcher.ResponseData['body']): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
