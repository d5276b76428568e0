import type { Logger } from './logger.ts';

/** How long a server that was never there may take before that is worth a warning, in milliseconds. */
const LASTS_MS = 15_000;

/** What is said while a server is away. */
export interface Outage {
  /** Each time it does not answer. */
  readonly failed: (error: unknown) => void;
  /** When it answers. */
  readonly answered: () => void;
}

/**
 * Says once that a server is away, without a stack. At a start others may still be starting: then it is one plain line,
 * and a warning only when it lasts. What has answered before is a warning at once.
 *
 * @param what the server, for example `RabbitMQ at 127.0.0.1:5672`.
 */
export function outageOf(what: string, logger: Logger, now: () => number = () => performance.now()): Outage {
  let hasAnswered = false;
  let since: number | undefined;
  let warned = false;
  return {
    failed: (error) => {
      const reason = reasonOf(error);
      if (since === undefined && !hasAnswered) logger.info({ reason }, `${what} does not answer yet; waiting for it`);
      since ??= now();
      if (warned || (!hasAnswered && now() - since < LASTS_MS)) return;
      logger.warn({ reason }, `${what} does not answer; trying again until it does`);
      warned = true;
    },
    answered: () => {
      if (since !== undefined) logger.info(`${what} answers${warned ? ' again' : ''}`);
      hasAnswered = true;
      since = undefined;
      warned = false;
    },
  };
}

/** What a line has of an error: its reason where a server, or we, said it in words; with a stack where it may be a defect. */
export function causeOf(error: unknown, isInWords: boolean): { reason: string } | { err: unknown } {
  return isInWords || isOfServer(error) ? { reason: reasonOf(error) } : { err: error };
}

/** Servers and the system give their errors a code; so does Node to misuse, which is a defect. */
function isOfServer(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  if (typeof code === 'string') return error instanceof Error && !code.startsWith('ERR_');
  return error instanceof Error && typeof code === 'number';
}

/** An error in a line. A connection refused on every address of a name has an empty message, and the causes inside. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message !== '') return error.message;
  return error instanceof AggregateError ? error.errors.map(reasonOf).join('; ') : error.name;
}
