import { openModuleHandler, type ModuleHandlerOptions } from '@esteira/handlers';
import type { HandlerOutcome } from '@esteira/pipeline';
import type { OrderMessage, Verifier } from '../domain/index.ts';

/** What a module that verifies knows beside the message. */
export interface VerifyContext {
  /** UUID: the same for every copy and every attempt of this order. */
  readonly messageId: string;
  /** The source it comes from, for example `system-1`. */
  readonly system: string;
  /** 1-based. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** 1 for the first journey, one more at each redrive. */
  readonly round: number;
  /** Fires when the attempt has run out of time; a moment later its thread is ended. */
  readonly signal: AbortSignal;
}

/**
 * What a module exports as `verify`, or by default. It answers `{ kind: 'succeeded', result? }`,
 * `{ kind: 'retry', error: { code, message }, afterMs? }`, `{ kind: 'dead-letter', error }`, or
 * `{ kind: 'return', fault }` when it can't do its work at all now: then no attempt is spent. What it throws is a retry.
 */
export type VerifyOrder = (message: OrderMessage, context: VerifyContext) => HandlerOutcome | Promise<HandlerOutcome>;

/** Which module verifies. Its `path` is of a file that exports `verify`, see `VerifyOrder`. */
export type ModuleVerifierOptions = Pick<ModuleHandlerOptions, 'path' | 'threads' | 'memoryMb' | 'graceMs'>;

/**
 * Runs a module in worker threads, see `openModuleHandler`.
 *
 * @throws ModuleUnloadable when the module can't be loaded, or exports no `verify`.
 */
export async function openModuleVerifier(options: ModuleVerifierOptions): Promise<Verifier> {
  const handler = await openModuleHandler<OrderMessage>({
    ...options,
    role: 'verifier',
    exportName: 'verify',
    contextOf: ({ messageId, origin: system, attempt, maxAttempts, round }): Omit<VerifyContext, 'signal'> => ({
      messageId,
      system,
      attempt,
      maxAttempts,
      round,
    }),
  });
  return { ...handler, verify: (message, context) => handler.handle(message, context) };
}
