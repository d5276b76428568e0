/** Errors of drivers that mean: there is no server. By name, since each driver has classes of its own. */
const NAMES = ['RedisFault', 'BrokerUnavailable', 'MongoServerSelectionError', 'MongoNetworkError', 'TimeoutError'];
const CODES = ['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'ENOTFOUND', 'EPIPE'];

/** What to tell when a server does not answer; undefined for any other error. */
export function absentServer(error: unknown): string | undefined {
  const { name, message, code, cause } = error as { name?: string; message?: string; code?: string; cause?: Error };
  const isAbsent = NAMES.includes(name ?? '') || CODES.includes(code ?? '');
  if (isAbsent) {
    const what = message === undefined || message === '' ? (code ?? 'no answer') : message;
    return `A server does not answer: ${what}\n\`make status\` shows what runs, \`make start\` starts it.`;
  }
  return cause === undefined ? undefined : absentServer(cause);
}
