import { ServiceFailure } from './circuit.ts';

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
export function failureOfRequest(error: unknown, service: string): ServiceFailure {
  const code = codeOf(error);
  const text = error instanceof Error ? error.message || code : String(error);
  if (UNREACHABLE.has(code) || TLS.test(code)) {
    const message = `The verifier at ${service} can't be reached (${code}: ${text}).`;
    return new ServiceFailure('unreachable', { code: 'verifier-unreachable', message });
  }
  const message = `The verifier at ${service} gave no answer (${code}: ${text}).`;
  return new ServiceFailure('failed', { code: 'verifier-broke-off', message });
}

/** The code of an error, or of its cause; of several addresses that were tried, that of the first. */
function codeOf(error: unknown): string {
  const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: unknown[] };
  if (typeof code === 'string') return code;
  const inner = errors?.[0] ?? cause;
  return inner === undefined || inner === null ? 'unknown' : codeOf(inner);
}
