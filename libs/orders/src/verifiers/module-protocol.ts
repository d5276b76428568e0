import type { VerifierOutcome } from '@esteira/pipeline';
import type { OrderMessage } from '../domain/index.ts';

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
export type VerifyOrder = (message: OrderMessage, context: VerifyContext) => VerifierOutcome | Promise<VerifierOutcome>;

/** What a thread is started with. */
export interface WorkerStart {
  /** Absolute path of the module. */
  readonly path: string;
}

/** What a thread is told. */
export type ToWorker =
  | {
      readonly kind: 'verify';
      readonly id: number;
      readonly message: OrderMessage;
      readonly context: Omit<VerifyContext, 'signal'>;
    }
  | { readonly kind: 'abort' };

/** What a thread says. `json` is undefined where the module answered nothing. */
export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'unloadable'; readonly message: string }
  | { readonly kind: 'answer'; readonly id: number; readonly json: string | undefined }
  | { readonly kind: 'threw'; readonly id: number; readonly message: string };
