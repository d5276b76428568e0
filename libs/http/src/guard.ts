import { foreignHost, foreignOrigin } from './common-problems.ts';
import type { ProblemError } from './problem.ts';

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Whether an address to listen on can be reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.has(host) || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * Refuses what a page of another site can send to an API without sign-in. `Host`: where the API listens on loopback
 * only, a foreign name means that somebody's DNS points here (rebinding). `Origin`: a browser sends it with every
 * request of a page that can change something; only pages of this machine or of the API itself may.
 *
 * @returns the problem, or undefined where the request may pass.
 */
export function foreignCaller(
  headers: { readonly host?: string | undefined; readonly origin?: string | undefined },
  listensOnLoopback: boolean,
): ProblemError | undefined {
  const host = hostOf(`http://${headers.host ?? ''}`);
  if (listensOnLoopback && !(host !== undefined && LOOPBACK.has(host.hostname))) {
    return foreignHost(`This API answers to localhost, 127.0.0.1 and [::1], not to ${headers.host ?? 'no host'}.`);
  }
  if (headers.origin === undefined) return undefined;
  const origin = hostOf(headers.origin);
  if (origin !== undefined && (LOOPBACK.has(origin.hostname) || origin.host === host?.host)) return undefined;
  return foreignOrigin(`Pages of ${headers.origin} may not use this API; pages of this machine may.`);
}

function hostOf(url: string): URL | undefined {
  const parsed = URL.parse(url);
  // Anything beside a name and a port (a user, a path) is no honest Host header.
  return parsed !== null && parsed.username === '' && parsed.pathname === '/' ? parsed : undefined;
}
