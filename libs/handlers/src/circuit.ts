import {
  BrokenCircuitError,
  circuitBreaker,
  CircuitState,
  ExponentialBackoff,
  handleType,
  type CircuitBreakerPolicy,
  type IBreaker,
} from 'cockatiel';
import type { Failure, Fault, HandlerOutcome } from '@esteira/pipeline';

/** How many messages must fail in a row, with no answer in between that shows a working service. */
const RUN_OF_FAILURES = 5;
/** How many messages that failed are remembered: a service may be away for days. */
const MOST_REMEMBERED = 10_000;
/** Within what time a message that was given back comes again, in milliseconds, unless another consumer has it. */
const COMES_AGAIN_MS = 30_000;
/** When an open circuit lets a message through to see whether the service is back, in milliseconds. */
const PROBES = { initialDelay: 250, maxDelay: 10_000 };
/** A fault that is older, in milliseconds, says nothing any more: while there is work, probes come far more often. */
const FAULT_IS_NEWS_MS = 60_000;

/**
 * How a service failed. `unreachable`: the message did not get there. `unavailable`: the service, or what stands in
 * front of it, says of itself that it can't work now. `wrong`: it answers, but as no service of this kind would: a redirect, or that
 * there is nothing here, or nothing for us. `failed`: it broke over this message, or over any.
 */
export type FailureKind = 'unreachable' | 'unavailable' | 'wrong' | 'failed';

/** A service, or a proxy in front of it, says of itself that it can't work now. */
const UNAVAILABLE = [502, 503, 504];
/**
 * About the address, the method, the form of the request or the credentials, which are the same for every message. Where
 * one message alone gets such an answer, it is about that message (404: no such thing).
 */
const WRONG = [401, 403, 404, 405, 406, 407, 410, 411, 415, 421, 426, 501, 505, 511];

/**
 * How a service failed that answered with this status; undefined where the answer shows that it works, whatever it says
 * of the message. No redirect is followed: a POST would arrive as a GET, or its contents and credentials elsewhere. Pure.
 */
export function failureKindOf(status: number): FailureKind | undefined {
  if (UNAVAILABLE.includes(status)) return 'unavailable';
  if (WRONG.includes(status) || (status >= 300 && status < 400)) return 'wrong';
  return status >= 500 ? 'failed' : undefined;
}

/**
 * Whether the circuit opens, after so many different messages have failed in a row, the last one in this way. One message
 * that always fails never opens it: that is the message's fault. Pure.
 */
export function opens(kind: FailureKind, messages: number): boolean {
  return kind === 'unreachable' || messages >= RUN_OF_FAILURES;
}

/** Whether an attempt is spent, that met a circuit in this state, and left it open or not. Pure. */
export function spends(kind: FailureKind, circuit: { readonly open: boolean; readonly probed: boolean }): boolean {
  if (kind === 'unreachable') return false;
  // A message that breaks every service must not be its probe for ever.
  return !circuit.open || (circuit.probed && kind === 'failed');
}

/** The service did not do its work. */
export class ServiceFailure extends Error {
  readonly kind: FailureKind;
  /** What the attempt failed of. */
  readonly error: Failure;
  readonly afterMs: number | undefined;
  /** Why nothing is sent, where it is the same for every message. */
  readonly fault: Fault;

  constructor(kind: FailureKind, error: Failure, { afterMs, fault = error }: { afterMs?: number; fault?: Fault } = {}) {
    super(error.message);
    this.name = 'ServiceFailure';
    this.kind = kind;
    this.error = error;
    this.afterMs = afterMs;
    this.fault = fault;
  }
}

/**
 * Keeps attempts from being burned on a service that is plainly down: it opens at once when the service can't be
 * reached, and after a run of failures of different messages (one message that always fails is the message's fault).
 * While it is open nothing is sent, and no attempt is spent; from time to time one message probes.
 *
 * A probe that the service breaks over is spent all the same: otherwise a message that breaks every service would be
 * the probe for ever. For the same reason a message that has failed does not probe while there is another: what is given
 * back comes first each time.
 */
export class Circuit {
  readonly #policy: CircuitBreakerPolicy;
  readonly #run: Run;

  /** @param down why nothing is sent, where the service has not said it itself. */
  constructor(down: Fault) {
    this.#run = new Run(down);
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
  async through(messageId: string, send: () => Promise<HandlerOutcome>): Promise<HandlerOutcome> {
    // Nobody waits behind a probe: the time of an attempt would run out meanwhile.
    if (this.#policy.state === CircuitState.HalfOpen) return this.#refused(messageId);
    if (this.#policy.state === CircuitState.Open && this.#run.givesWay(messageId, new Date())) {
      return this.#refused(messageId);
    }
    let probes = false;
    try {
      return await this.#policy.execute(() => {
        probes = this.#policy.state !== CircuitState.Closed;
        if (probes) this.#run.probed();
        return this.#noting(messageId, send);
      });
    } catch (error) {
      if (error instanceof BrokenCircuitError) return this.#refused(messageId);
      if (error instanceof ServiceFailure) return this.#outcomeOf(error, probes);
      throw error;
    }
  }

  #refused(messageId: string): HandlerOutcome {
    this.#run.refused(messageId, new Date());
    return { kind: 'return', fault: this.#run.fault };
  }

  async #noting(messageId: string, send: () => Promise<HandlerOutcome>): Promise<HandlerOutcome> {
    try {
      return await send();
    } catch (error) {
      if (error instanceof ServiceFailure) this.#run.note(messageId, error);
      throw error;
    }
  }

  #outcomeOf({ kind, error, afterMs, fault }: ServiceFailure, probed: boolean): HandlerOutcome {
    const open = this.#policy.state !== CircuitState.Closed;
    if (!spends(kind, { open, probed })) return { kind: 'return', fault };
    return afterMs === undefined ? { kind: 'retry', error } : { kind: 'retry', error, afterMs };
  }
}

/** The messages that failed since the last good answer. */
class Run implements IBreaker {
  /** Cockatiel's way to save a breaker; a process begins anew with a closed one. */
  state: unknown;
  lastAt = new Date(0);
  readonly #failed = new Set<string>();
  readonly #down: Fault;
  /** When a message that has not failed was refused, since the last probe. */
  #otherAt = new Date(0);
  #last: ServiceFailure | undefined;

  constructor(down: Fault) {
    this.#down = down;
  }

  get fault(): Fault {
    return this.#last?.fault ?? this.#down;
  }

  note(messageId: string, failure: ServiceFailure): void {
    if (this.#failed.size < MOST_REMEMBERED) this.#failed.add(messageId);
    this.#last = failure;
    this.lastAt = new Date();
  }

  /** Whether a message that has failed lets another one probe: there was one, and it is to come again. */
  givesWay(messageId: string, now: Date): boolean {
    return this.#failed.has(messageId) && now.getTime() - this.#otherAt.getTime() < COMES_AGAIN_MS;
  }

  refused(messageId: string, now: Date): void {
    if (!this.#failed.has(messageId)) this.#otherAt = now;
  }

  probed(): void {
    this.#otherAt = new Date(0);
  }

  success(): void {
    this.#failed.clear();
  }

  failure(): boolean {
    return this.#last !== undefined && opens(this.#last.kind, this.#failed.size);
  }
}
