import { foreignHost, foreignOrigin } from './common-problems.ts';
import type { ProblemError } from './problem.ts';

/**
 * Refuses what a page of another site can send to an API without sign-in. `Host`: a foreign name means that somebody's
 * DNS points here (rebinding), whatever address the API listens on. `Origin`: a browser sends it with every request of
 * a page that can change something; only pages under an allowed name may.
 *
 * @param allowedHosts - names without ports.
 * @returns the problem, or undefined where the request may pass.
 */
export function foreignCaller(
  headers: { readonly host?: string | undefined; readonly origin?: string | undefined },
  allowedHosts: ReadonlySet<string>,
): ProblemError | undefined {
  const names = [...allowedHosts].join(', ');
  const host = nameOf(`http://${headers.host ?? ''}`);
  if (host === undefined || !allowedHosts.has(host)) {
    return foreignHost(`This service answers to ${names} (ALLOWED_HOSTS), not to ${headers.host ?? 'no host'}.`);
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
