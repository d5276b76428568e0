import { ExchangeTimeout } from './exchange.ts';

/** Why a site is down. */
export const WHYS = [
  'dns',
  'refused',
  'unreachable',
  'timeout',
  'tls',
  'reset',
  'protocol',
  'status',
  'body',
  'too-large',
  'bad-redirect',
  'redirect-loop',
  'too-many-redirects',
] as const;
export type Why = (typeof WHYS)[number];

/** Why there was no answer, and in words what became of the request. */
export interface Fault {
  readonly why: Why;
  readonly reason: string;
}

const BY_CODE: Readonly<Record<string, Why>> = {
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  EAI_FAIL: 'dns',
  EAI_NODATA: 'dns',
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENETDOWN: 'unreachable',
  EACCES: 'unreachable',
  EPERM: 'unreachable',
  EINVAL: 'unreachable',
  ETIMEDOUT: 'timeout',
  ECONNRESET: 'reset',
  ECONNABORTED: 'reset',
  EPIPE: 'reset',
  UND_ERR_SOCKET: 'reset',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'reset',
};

/** Codes of OpenSSL and of Node about a certificate or a handshake. */
const TLS =
  /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_(CA|PURPOSE)|PATH_LENGTH_|EPROTO$|HOSTNAME_MISMATCH$)/;
/** Of this machine: it has no socket, port or memory left, whatever the site is like. */
const OURS = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL', 'EADDRINUSE']);

/**
 * Why an exchange failed, as far as that is about the site; undefined where it is this machine that could not ask. What
 * is answered, and is no HTTP, is `protocol`. Pure.
 */
export function faultOf(failure: Error): Fault | undefined {
  const error = failure.cause ?? failure;
  if (error instanceof ExchangeTimeout) return { why: 'timeout', reason: error.message };
  const code = codeOf(error);
  if (OURS.has(code)) return undefined;
  const text = error instanceof Error && error.message !== '' ? error.message : 'no more is known';
  return { why: BY_CODE[code] ?? (TLS.test(code) ? 'tls' : 'protocol'), reason: `${code}: ${text}` };
}

/** The code of an error, or of its cause; of several addresses that were tried, that of the first. */
function codeOf(error: unknown): string {
  const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: unknown[] };
  if (typeof code === 'string') return code;
  const inner = errors?.[0] ?? cause;
  return inner === undefined || inner === null ? 'unknown' : codeOf(inner);
}
