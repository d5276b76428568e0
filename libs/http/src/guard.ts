import { foreignHost, foreignOrigin } from './common-problems.ts';
import type { ProblemError } from './problem.ts';

/** Methods that change nothing. */
export const READING: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses what a page of another site can send to an API without sign-in. `Host`: a foreign name means that somebody's
 * DNS points here (rebinding), whatever address the API listens on. `Origin`: a browser sends it with every request of
 * a page that can change something; only pages under an allowed name may. `Sec-Fetch-Site`: browsers tell whether the
 * page came from here; another port of this machine is another site's as well, for what changes something.
 *
 * @param allowedHosts - names without ports.
 * @returns the problem, or undefined where the request may pass.
 */
export function foreignCaller(
  headers: {
    readonly host?: string | undefined;
    readonly origin?: string | undefined;
    readonly 'sec-fetch-site'?: string | string[] | undefined;
  },
  allowedHosts: ReadonlySet<string>,
  isReading: boolean,
): ProblemError | undefined {
  const names = [...allowedHosts].join(', ');
  const host = nameOf(`http://${headers.host ?? ''}`);
  if (host === undefined || !allowedHosts.has(host)) {
    return foreignHost(`This service answers to ${names} (ALLOWED_HOSTS), not to ${headers.host ?? 'no host'}.`);
  }
  const site = headers['sec-fetch-site'];
  if (!isReading && (site === 'same-site' || site === 'cross-site')) {
    return foreignOrigin('Only a page of this service itself may change something here.');
  }
  if (headers.origin === undefined) return undefined;
  const origin = nameOf(headers.origin);
  if (origin !== undefined && allowedHosts.has(origin)) return undefined;
  return foreignOrigin(`Pages of ${headers.origin} may not use this service; pages of ${names} may (ALLOWED_HOSTS).`);
}

function nameOf(url: string): string | undefined {
  const parsed = URL.parse(url);
  // Anything beside a name and a port (a user, a path) is no honest Host header.
  return parsed !== null && parsed.username === '' && parsed.pathname === '/' ? parsed.hostname : undefined;
}
