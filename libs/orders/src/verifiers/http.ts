import { httpHandler } from '@esteira/handlers';
import type { OrderMessage, Verifier } from '../domain/index.ts';

/** Which service verifies. */
export interface HttpVerifierOptions {
  /** User and password in it are sent as basic authentication. */
  readonly url: string;
  /** The most requests open at once. */
  readonly concurrency: number;
}

/** Asks a service: POSTs the message as it came, see `httpHandler`. */
export function httpVerifier(options: HttpVerifierOptions): Verifier {
  const handler = httpHandler<OrderMessage>({
    ...options,
    role: 'verifier',
    setting: 'VERIFIER_URL',
    body: (_, { body }) => body,
  });
  return { ...handler, verify: (message, context) => handler.handle(message, context) };
}
