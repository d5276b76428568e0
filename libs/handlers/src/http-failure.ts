import type { Fault } from '@esteira/pipeline';
import { ServiceFailure } from './circuit.ts';
import type { HttpAnswer } from './http-answer.ts';

/** A service, as it is spoken of. */
export interface NamedService {
  /** What people call it; begins its codes too. */
  readonly role: string;
  /** Without credentials and query. */
  readonly address: string;
  /** The setting that names its address. */
  readonly setting: string;
}

/** Errors of a request that never got to the service, by their code. */
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EAI_NODATA',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'EMFILE',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Codes of OpenSSL and of Node about a certificate or a handshake. */
const TLS = /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|EPROTO$|HOSTNAME_MISMATCH$)/;

/** What became of a request that got no answer. Pure. */
export function failureOfRequest(error: unknown, { role, address }: NamedService): ServiceFailure {
  const code = codeOf(error);
  const text = error instanceof Error ? error.message || code : String(error);
  if (UNREACHABLE.has(code) || TLS.test(code)) {
    const message = `The ${role} at ${address} can't be reached (${code}: ${text}).`;
    return new ServiceFailure('unreachable', { code: `${role}-unreachable`, message });
  }
  const message = `The ${role} at ${address} gave no answer (${code}: ${text}).`;
  return new ServiceFailure('failed', { code: `${role}-broke-off`, message });
}

/** Why nothing is sent to a service that answers so whatever the message, and what to look at. Pure. */
export function wrongService({ status, location }: HttpAnswer, service: NamedService): Fault {
  const { role, address } = service;
  return {
    code: `${role}-wrong`,
    message: `The ${role} at ${address} answers ${status}, whatever the message: ${adviceOn(status, location, service)}`,
  };
}

function adviceOn(status: number, location: string | undefined, { role, address, setting }: NamedService): string {
  switch (status) {
    case 401:
    case 403:
      return `look at the user and password in ${setting}.`;
    case 407:
    case 511:
      return 'something between asks who is there.';
    case 404:
    case 410:
    case 421:
      return `there is no ${role} at this address; look at ${setting}.`;
    case 405:
    case 501:
      return `it takes no POST; look at ${setting}.`;
    default:
      if (status >= 400) return 'it takes no JSON by POST over HTTP/1.1.';
      return `no redirect is followed; ${leadsTo(location, address)}name the right address in ${setting}.`;
  }
}

/** Without user, password and query: they may be secrets. */
function leadsTo(location: string | undefined, from: string): string {
  const to = location === undefined ? null : URL.parse(location, from);
  return to === null ? '' : `it leads to ${to.origin}${to.pathname}; `;
}

/** The code of an error, or of its cause; of several addresses that were tried, that of the first. */
function codeOf(error: unknown): string {
  const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: unknown[] };
  if (typeof code === 'string') return code;
  const inner = errors?.[0] ?? cause;
  return inner === undefined || inner === null ? 'unknown' : codeOf(inner);
}
