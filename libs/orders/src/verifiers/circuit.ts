import {
  BrokenCircuitError,
  circuitBreaker,
  CircuitState,
  ExponentialBackoff,
  handleType,
  type CircuitBreakerPolicy,
  type IBreaker,
} from 'cockatiel';
import type { Failure, Fault, VerifierOutcome } from '@esteira/pipeline';

/** How many messages must fail in a row, with no answer in between that shows a working service. */
const RUN_OF_FAILURES = 5;
/** When an open circuit lets a message through to see whether the service is back, in milliseconds. */
const PROBES = { initialDelay: 250, maxDelay: 10_000 };
/** A fault that is older, in milliseconds, says nothing any more: while there is work, probes come far more often. */
const FAULT_IS_NEWS_MS = 60_000;

/**
 * How a service failed. `unreachable`: the message did not get there. `unavailable`: the service, or what stands in
 * front of it, says of itself that it can't work now. `failed`: it broke over this message, or over any.
 */
export type FailureKind = 'unreachable' | 'unavailable' | 'failed';

/** The service did not do its work. */
export class ServiceFailure extends Error {
  readonly kind: FailureKind;
  readonly error: Failure;
  readonly afterMs: number | undefined;

  constructor(kind: FailureKind, error: Failure, afterMs?: number) {
    super(error.message);
    this.name = 'ServiceFailure';
    this.kind = kind;
    this.error = error;
    this.afterMs = afterMs;
  }
}

/**
 * Keeps attempts from being burned on a service that is plainly down: it opens at once when the service can't be
 * reached, and after a run of failures of different messages (one message that always fails is the message's fault).
 * While it is open nothing is sent, and no attempt is spent; from time to time one message probes.
 *
 * A probe that the service breaks over is spent all the same: otherwise a message that breaks every service would be
 * the probe for ever.
 */
export class Circuit {
  readonly #policy: CircuitBreakerPolicy;
  readonly #run = new Run();

  constructor() {
    this.#policy = circuitBreaker(handleType(ServiceFailure), {
      breaker: this.#run,
      halfOpenAfter: new ExponentialBackoff(PROBES),
    });
  }

  /** Why nothing is sent; undefined while messages go through, or when nobody has asked for long. */
  faultAt(now: Date): Fault | undefined {
    const old = now.getTime() - this.#run.lastAt.getTime() > FAULT_IS_NEWS_MS;
    return this.#policy.state === CircuitState.Closed || old ? undefined : this.#run.fault;
  }

  /** Sends through the circuit. A ServiceFailure of `send` becomes a retry, or a `return` when the service is down. */
  async through(messageId: string, send: () => Promise<VerifierOutcome>): Promise<VerifierOutcome> {
    // Nobody waits behind a probe: the time of an attempt would run out meanwhile.
    if (this.#policy.state === CircuitState.HalfOpen) return { kind: 'return', fault: this.#run.fault };
    let probes = false;
    try {
      return await this.#policy.execute(() => {
        probes = this.#policy.state !== CircuitState.Closed;
        return this.#noting(messageId, send);
      });
    } catch (error) {
      if (error instanceof BrokenCircuitError) return { kind: 'return', fault: this.#run.fault };
      if (error instanceof ServiceFailure) return this.#outcomeOf(error, probes);
      throw error;
    }
  }

  async #noting(messageId: string, send: () => Promise<VerifierOutcome>): Promise<VerifierOutcome> {
    try {
      return await send();
    } catch (error) {
      if (error instanceof ServiceFailure) this.#run.note(messageId, error);
      throw error;
    }
  }

  #outcomeOf({ kind, error, afterMs }: ServiceFailure, probes: boolean): VerifierOutcome {
    const open = this.#policy.state !== CircuitState.Closed;
    const spent = kind !== 'unreachable' && (!open || (probes && kind === 'failed'));
    if (!spent) return { kind: 'return', fault: error };
    return afterMs === undefined ? { kind: 'retry', error } : { kind: 'retry', error, afterMs };
  }
}

/** The messages that failed since the last good answer. */
class Run implements IBreaker {
  /** Cockatiel's way to save a breaker; a process begins anew with a closed one. */
  state: unknown;
  lastAt = new Date(0);
  readonly #failed = new Set<string>();
  #last: ServiceFailure | undefined;

  get fault(): Fault {
    return this.#last?.error ?? { code: 'verifier-down', message: 'The verifier is down.' };
  }

  note(messageId: string, failure: ServiceFailure): void {
    this.#failed.add(messageId);
    this.#last = failure;
    this.lastAt = new Date();
  }

  success(): void {
    this.#failed.clear();
  }

  failure(): boolean {
    return this.#last?.kind === 'unreachable' || this.#failed.size >= RUN_OF_FAILURES;
  }
}
