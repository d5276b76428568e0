import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@esteira/observability';
import type { Pipeline, Publish } from '@esteira/pipeline';
import type { Management, QueueReport } from './management.ts';
import { harmToExchange, harmToQueue, inWords, strainOnLane } from './policy-harm.ts';
import {
  delayedExchangeTopology,
  joined,
  names,
  pipelineTopology,
  waitQueueTopology,
  type Topology,
} from './topology.ts';

/** A policy on the broker would lose, expire or reorder messages. The message names it, and says what to do. */
export class PolicyInForce extends Error {
  override name = 'PolicyInForce';
}

/** Milliseconds between two looks. RabbitMQ itself tells of a policy on a queue up to 5 s after it is in force. */
const LOOK_EVERY_MS = 5_000;
/** How long it may take RabbitMQ to say what is in force on a new queue, in milliseconds: 8 to 10 s on 3.10. */
const UNTOLD_MS = 30_000;

const ADVICE =
  'Take the key out of the policy, or the names of Esteira (esteira.* and those of its queues) out of its pattern: everything goes on by itself then.';

/** Knows whether policies on the broker leave a pipeline's messages alone. */
export interface PolicyWatch {
  /** Which policy does what, and what to do about it; undefined while none is known to harm. */
  readonly fault: string | undefined;
  /** Looks now. Where the management API does not answer, what was known counts on. */
  look(): Promise<void>;
  /** Resolves when no policy is known to harm; rejects when the watch ends first. */
  untilHarmless(): Promise<void>;
  /** Publishes while no policy is known to harm, and waits as long as one does: what is held meanwhile does not expire. */
  waiting(publish: Publish): Publish;
  close(): void;
}

const STRAIN_ADVICE =
  'Let the policy give more time, or let consumers hold less: ATTEMPT_TIMEOUT_MS, PREFETCH. Nothing is lost, and an effect is stored once.';

/** What a look came to: harm and strain, in words, and queues of which RabbitMQ has not said yet what is in force. */
interface Look {
  readonly harm: readonly string[];
  /** What does work twice, and loses nothing. */
  readonly strain: readonly string[];
  readonly untold: readonly string[];
}

/**
 * Everything of the pipeline on this broker: also wait queues of earlier delays, which may still hold messages, and the
 * exchange of a delay strategy that is not in use.
 */
function everythingOf(pipeline: Pipeline, reports: readonly QueueReport[]): Topology {
  const delays = reports.flatMap(({ name }) => names.waitDelayOf(pipeline, name) ?? []);
  return joined(pipelineTopology(pipeline), waitQueueTopology(pipeline, delays), delayedExchangeTopology(pipeline));
}

/**
 * Compares the policies in force with what the pipeline's messages need.
 *
 * @param holdsMs - the longest that this process holds a message before it acks.
 */
async function policiesOver(pipeline: Pipeline, management: Management, holdsMs = 0): Promise<Look> {
  const policies = await management.policies();
  if (policies.length === 0) return { harm: [], strain: [], untold: [] };
  const [reports, exchanges] = await Promise.all([management.queues(), management.exchanges()]);
  const { queues: ourQueues, exchanges: ourExchanges } = everythingOf(pipeline, reports);
  const lanes = pipeline.lanes.map((lane) => names.lane(pipeline, lane));
  const harm: string[] = [];
  const strain: string[] = [];
  const untold: string[] = [];
  for (const queue of ourQueues) {
    const report = reports.find(({ name }) => name === queue.name);
    if (report === undefined) continue;
    if (report.isNew) untold.push(queue.name);
    const named = policies.filter((policy) =>
      policy.isOperators ? policy.name === report.operatorPolicy : policy.name === report.policy,
    );
    harm.push(...harmToQueue(queue, report.inForce).map((one) => inWords(one, named)));
    if (lanes.includes(queue.name))
      strain.push(...strainOnLane(queue, report.inForce, holdsMs).map((one) => inWords(one, named)));
  }
  for (const exchange of ourExchanges) {
    const policy = exchanges.find(({ name }) => name === exchange.name)?.policy;
    const named = policies.filter(({ name, isOperators }) => !isOperators && name === policy);
    for (const { definition } of named) {
      harm.push(...harmToExchange(exchange, definition).map((one) => inWords(one, named)));
    }
  }
  return { harm, strain, untold };
}

/**
 * Publishes unless a policy would lose it: then it rejects with PolicyInForce. For what people send again; a watch is for
 * what publishes all the time. Where the management API does not answer nothing is known to harm, and it publishes.
 */
export function unlessHarmful(publish: Publish, pipeline: Pipeline, management: Management): Publish {
  let knownUntil = 0;
  return async (messages) => {
    if (performance.now() >= knownUntil) {
      const { harm } = await policiesOver(pipeline, management).catch(() => ({ harm: [] }));
      if (harm.length > 0) throw new PolicyInForce(`${harm.join(' ')} ${ADVICE}`);
      knownUntil = performance.now() + LOOK_EVERY_MS;
    }
    return publish(messages);
  };
}

/**
 * Watches from now on. Call `look` before the first publish.
 *
 * @param holdsMs - the longest that this process holds a message before it acks; a policy that allows less is warned of.
 */
export function watchPolicies(pipeline: Pipeline, management: Management, logger: Logger, holdsMs = 0): PolicyWatch {
  return new Watch(() => policiesOver(pipeline, management, holdsMs), logger);
}

class Watch implements PolicyWatch {
  fault: string | undefined;
  readonly #ask: () => Promise<Look>;
  readonly #logger: Logger;
  readonly #ended = new AbortController();
  #looking: Promise<void> | undefined;
  #harmless = Promise.withResolvers<undefined>();
  #untoldSince: number | undefined;
  #couldAsk = true;
  /** What was warned of last. */
  #strain = '';
  /** Whether the fault is a policy, and not that it is not known. */
  #isHarm = false;

  constructor(ask: () => Promise<Look>, logger: Logger) {
    this.#ask = ask;
    this.#logger = logger;
    this.#harmless.promise.catch(() => undefined); // Whoever waits for it hears of the end.
    void this.#lookAgain();
  }

  async #lookAgain(): Promise<void> {
    const { signal } = this.#ended;
    for (;;) {
      await delay(LOOK_EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      await this.look();
    }
  }

  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #look(): Promise<void> {
    try {
      this.#learn(await this.#ask());
      this.#couldAsk = true;
    } catch (err) {
      if (this.#couldAsk) this.#logger.warn({ err }, `policies were not compared: ${(err as Error).message}`);
      this.#couldAsk = false;
    }
  }

  #learn({ harm, strain, untold }: Look): void {
    this.#warn(strain.join(' '));
    if (harm.length > 0) this.#holdUp(`${harm.join(' ')} ${ADVICE}`);
    else if (untold.length > 0 && this.#mayStillTell()) {
      this.fault = `RabbitMQ does not say yet which policy is in force on ${untold.join(', ')}: asking again.`;
    } else this.#goOn();
    if (untold.length === 0) this.#untoldSince = undefined;
  }

  #warn(strain: string): void {
    if (strain !== '' && strain !== this.#strain) this.#logger.warn(`${strain} ${STRAIN_ADVICE}`);
    this.#strain = strain;
  }

  /** For a while: RabbitMQ may be set to collect no metrics, and never tells. */
  #mayStillTell(): boolean {
    this.#untoldSince ??= performance.now();
    return performance.now() - this.#untoldSince < UNTOLD_MS;
  }

  #holdUp(fault: string): void {
    if (this.fault !== fault) this.#logger.error(fault);
    this.#isHarm = true;
    this.fault = fault;
  }

  #goOn(): void {
    if (this.fault === undefined) return;
    if (this.#isHarm) this.#logger.info('no policy on RabbitMQ harms messages any more');
    this.#isHarm = false;
    this.fault = undefined;
    this.#harmless.resolve(undefined);
    this.#harmless = Promise.withResolvers();
    this.#harmless.promise.catch(() => undefined);
  }

  async untilHarmless(): Promise<void> {
    while (this.fault !== undefined) await this.#harmless.promise;
  }

  waiting(publish: Publish): Publish {
    return async (messages) => {
      await this.untilHarmless();
      return publish(messages);
    };
  }

  close(): void {
    this.#ended.abort();
    this.#harmless.reject(new PolicyInForce(this.fault ?? 'the watch over policies has ended'));
  }
}
