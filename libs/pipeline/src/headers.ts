/** The names of all headers a message may carry. Nothing else in the code spells one. */
export const HEADER = {
  schemaVersion: 'x-schema-version',
  attempt: 'x-attempt',
  maxAttempts: 'x-max-attempts',
  round: 'x-round',
  traceparent: 'traceparent',
  reason: 'x-reason',
  error: 'x-error',
  firstAttemptAt: 'x-first-attempt-at',
  lastAttemptAt: 'x-last-attempt-at',
} as const;

/** The longest `x-error`, in bytes of UTF-8. */
export const MAX_ERROR_BYTES = 1024;
/** The highest number of attempts a message may carry. */
export const MAX_MAX_ATTEMPTS = 100;
/** The highest round a message may carry: tables keep it as a 32-bit integer, and each redrive adds one. */
export const MAX_ROUND = 1_000_000;

/** What every message says about its journey. */
export interface JourneyHeaders {
  readonly schemaVersion: number;
  /** 1-based: the attempt that the receiver of this message makes. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** 1 for the first journey, one more at each redrive. */
  readonly round: number;
  /** W3C trace context, passed on unread. */
  readonly traceparent?: string;
}

/** Headers as they stand on the wire. */
export type WireHeaders = Record<string, unknown>;

/** The wire form of the headers of a journey. */
export function writeHeaders(headers: JourneyHeaders): WireHeaders {
  return {
    [HEADER.schemaVersion]: headers.schemaVersion,
    [HEADER.attempt]: headers.attempt,
    [HEADER.maxAttempts]: headers.maxAttempts,
    [HEADER.round]: headers.round,
    ...(headers.traceparent === undefined ? {} : { [HEADER.traceparent]: headers.traceparent }),
  };
}

/** The numbers of a journey, and the highest of each. */
const BOUNDS = [
  [HEADER.schemaVersion, 2 ** 31],
  [HEADER.maxAttempts, MAX_MAX_ATTEMPTS],
  [HEADER.attempt, MAX_MAX_ATTEMPTS],
  [HEADER.round, MAX_ROUND],
] as const;

/** Reads the headers of a journey; a text says which header is missing or wrong. */
export function readHeaders(wire: WireHeaders): JourneyHeaders | { readonly problem: string } {
  for (const [name, highest] of BOUNDS) {
    const value = wire[name];
    if (value === undefined) return { problem: `header ${name} is missing` };
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > highest) {
      return { problem: `header ${name} is not a whole number in 1..${highest}` };
    }
  }
  const journey = {
    schemaVersion: wire[HEADER.schemaVersion] as number,
    attempt: wire[HEADER.attempt] as number,
    maxAttempts: wire[HEADER.maxAttempts] as number,
    round: wire[HEADER.round] as number,
  };
  const traceparent = wire[HEADER.traceparent];
  return typeof traceparent === 'string' ? { ...journey, traceparent } : journey;
}

/** Cuts an error text to what a header may hold, at a character's border. */
export function boundedError(text: string): string {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= MAX_ERROR_BYTES) return text;
  return new TextDecoder().decode(bytes.subarray(0, MAX_ERROR_BYTES - 3), { stream: true }) + '…';
}
