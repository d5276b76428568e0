/** An RFC 9457 problem of the console server, or a server that could not be asked (`status` 0). */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, code: string, title: string, detail: string, retryAfterSeconds?: number) {
    super(detail);
    this.name = 'Problem';
    this.status = status;
    this.code = code;
    this.title = title;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The console itself does not answer: stopped, restarting, or the network between is gone. */
export const unreachable = () =>
  new Problem(
    0,
    'unreachable',
    'The console does not answer',
    'Is it running? `make status` tells, `make start` starts it. This page asks again by itself.',
  );

/** Reads a problem out of an answer that is not 2xx, whatever its body is. */
export function problemOf(status: number, body: unknown, retryAfter: string | null): Problem {
  const fields = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const text = (name: string, otherwise: string) => {
    const value = fields[name];
    return typeof value === 'string' && value !== '' ? value : otherwise;
  };
  const title = text('title', `The console answered ${status}`);
  const seconds = retryAfter === null ? NaN : Number(retryAfter);
  return new Problem(
    status,
    text('code', `http-${status}`),
    title,
    text('detail', title),
    Number.isFinite(seconds) ? seconds : undefined,
  );
}
