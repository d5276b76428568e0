import { Type, type Static, type TObject } from 'typebox';
import type { PayloadProblem } from '../task-type.ts';

const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
/** The longest that a payload may give an answer, in milliseconds. */
const LONGEST_TIMEOUT_MS = 300_000;
const HTTP = /^https?:\/\//i;
/** RFC 9110, 5.6.2 and 5.5. */
const HEADER_NAME = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$";
const HEADER_VALUE = '^[\\t\\x20-\\x7e\\x80-\\xff]*$';
/** About the connection or the form of the message: set by who sends it. */
const OF_THE_CONNECTION = new Set([
  ...['connection', 'content-length', 'expect', 'keep-alive', 'proxy-connection'],
  ...['te', 'trailer', 'transfer-encoding', 'upgrade'],
]);

/** What the payloads of all types have that make a request. */
export const requestProperties = {
  url: Type.String({
    minLength: 1,
    maxLength: 8_192,
    description: 'An http or https URL. User and password in it are sent as basic authentication.',
  }),
  method: Type.Optional(Type.Enum([...METHODS])),
  headers: Type.Optional(
    Type.Record(Type.String({ pattern: HEADER_NAME }), Type.String({ pattern: HEADER_VALUE, maxLength: 8_192 }), {
      additionalProperties: false,
      maxProperties: 64,
    }),
  ),
  timeout_ms: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: LONGEST_TIMEOUT_MS,
      default: 5_000,
      description: 'The longest an answer may take, redirects and body included, in milliseconds.',
    }),
  ),
};

export type RequestPayload = Static<TObject<typeof requestProperties>>;

/** How long an answer may take where the payload does not say, in milliseconds. */
export const USUAL_TIMEOUT_MS = 5_000;

/** A request, ready to be sent. */
export interface HttpRequest {
  readonly method: string;
  /** Without user, password and fragment. */
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/**
 * What no schema can say of a request. @param reserved names of headers, in lower case, that the type sets itself. Pure.
 */
export function requestProblem(payload: RequestPayload, reserved: readonly string[] = []): PayloadProblem | undefined {
  // A URL is parsed when it is asked: here it only has to be one.
  if (!HTTP.test(payload.url) || !URL.canParse(payload.url)) {
    return { pointer: '/url', message: 'must be a URL that begins with http:// or https://' };
  }
  if (payload.url.includes('@') && isUndecodable(new URL(payload.url))) {
    return { pointer: '/url', message: 'has a user or password that is not percent-encoded' };
  }
  const seen = new Set<string>();
  for (const name of Object.keys(payload.headers ?? {})) {
    const lower = name.toLowerCase();
    const pointer = `/headers/${name.replaceAll('~', '~0')}`;
    if (OF_THE_CONNECTION.has(lower) || reserved.includes(lower)) {
      return { pointer, message: 'names a header that is set by Esteira' };
    }
    if (seen.has(lower)) return { pointer, message: 'names a header for the second time' };
    seen.add(lower);
  }
  return undefined;
}

/** The request that a payload asks for. Pure. */
export function requestOf(payload: RequestPayload, method: string): HttpRequest {
  const url = new URL(payload.url);
  const authorization = basicAuthorization(url);
  makePlain(url);
  const given = Object.entries(payload.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const);
  return {
    method: payload.method ?? method,
    url,
    headers: {
      accept: '*/*',
      // A body is looked into as it comes.
      'accept-encoding': 'identity',
      'user-agent': 'esteira',
      ...(authorization === undefined ? {} : { authorization }),
      ...Object.fromEntries(given),
    },
  };
}

/** Where a request goes, for people: without the query, which may hold a secret. Pure. */
export function addressOf({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}

/** Takes from a URL what is not sent with it. */
export function makePlain(url: URL): void {
  // Each of these makes the whole URL anew.
  if (url.username !== '') url.username = '';
  if (url.password !== '') url.password = '';
  if (url.hash !== '') url.hash = '';
}

export function isHttp({ protocol }: URL): boolean {
  return protocol === 'http:' || protocol === 'https:';
}

function basicAuthorization({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(credentials).toString('base64')}`;
}

function isUndecodable(url: URL): boolean {
  try {
    basicAuthorization(url);
    return false;
  } catch {
    return true; // A percent sign that begins no code.
  }
}
