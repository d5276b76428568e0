import { addressOf, isHttp, makePlain, type HttpRequest } from './request.ts';
import type { Fault } from './why.ts';

/** The most redirects that are followed. */
export const MAX_REDIRECTS = 10;

const REDIRECTS = [301, 302, 303, 307, 308];
/** What is said to any origin: other headers may hold what is for one alone. */
const FOR_ANYONE = ['accept', 'accept-encoding', 'accept-language', 'user-agent'];

/**
 * The request that an answer leads to, as RFC 9110, 15.4 has it: 303 is asked for with GET, and so is a POST that was
 * answered 301 or 302. To another origin go no headers of the payload but those about what is accepted and who asks. An
 * answer without `Location` leads nowhere: undefined. Pure.
 */
export function redirectOf(
  request: HttpRequest,
  status: number,
  location: string | undefined,
): HttpRequest | Fault | undefined {
  if (!REDIRECTS.includes(status) || location === undefined) return undefined;
  const url = URL.parse(location, request.url.href);
  if (url === null) return { why: 'bad-redirect', reason: `It answered ${status} and leads to what is no address.` };
  if (!isHttp(url)) {
    return {
      why: 'bad-redirect',
      reason: `It answered ${status} and leads to ${url.protocol}, which is not followed.`,
    };
  }
  makePlain(url);
  const asGet =
    (status === 303 && request.method !== 'HEAD') || ((status === 301 || status === 302) && request.method === 'POST');
  const there = url.origin === request.url.origin;
  const headers = Object.entries(request.headers).filter(([name]) => there || FOR_ANYONE.includes(name));
  return { method: asGet ? 'GET' : request.method, url, headers: Object.fromEntries(headers) };
}

/** The redirects of one look. */
export class RedirectChain {
  readonly #been = new Set<string>();

  constructor(first: HttpRequest) {
    this.#been.add(placeOf(first));
  }

  get length(): number {
    return this.#been.size - 1;
  }

  /** Goes on to a request; or says why not: it was there before, or has gone too far. */
  follow(request: HttpRequest): Fault | undefined {
    const place = placeOf(request);
    if (this.#been.has(place)) {
      const reason = `After ${this.length + 1} redirects it leads back to ${addressOf(request.url)}.`;
      return { why: 'redirect-loop', reason };
    }
    if (this.length === MAX_REDIRECTS) {
      return { why: 'too-many-redirects', reason: `It redirects more than ${MAX_REDIRECTS} times.` };
    }
    this.#been.add(place);
    return undefined;
  }
}

function placeOf({ method, url }: HttpRequest): string {
  return `${method} ${url.href}`;
}
