import { heedsQueueTimeout, names, TopologyMismatch } from '@esteira/messaging';
import type { Pipeline } from '@esteira/pipeline';
import type { Lane } from './lanes.ts';

/** What a broker lets a consumer hold a message for. */
export interface BrokerTimeout {
  /** For example `3.10.8`. */
  readonly version: string;
  /** Its own `consumer_timeout`, in milliseconds: of queues that have none. */
  readonly consumerTimeoutMs: number;
}

type Holding = Pick<Lane, 'name'> & { readonly intake: Pick<Lane['intake'], 'holdMs'> };

/**
 * Insists that the broker lets each lane hold a message for as long as all attempts that it may wait for can take: what is
 * taken back while it runs is attempted a second time, beside itself, and so on.
 *
 * @throws TopologyMismatch
 */
export function insistOnHold(pipeline: Pipeline, lanes: readonly Holding[], timeout: BrokerTimeout): void {
  const problems = lanes.flatMap((lane) => holdProblem(pipeline, lane, timeout) ?? []);
  if (problems.length > 0) throw new TopologyMismatch(problems.join('\n'));
}

/** Why a lane may not hold its messages for so long, and what to do; undefined where it may. Pure. */
export function holdProblem(
  pipeline: Pipeline,
  { name, intake: { holdMs } }: Holding,
  { version, consumerTimeoutMs }: BrokerTimeout,
): string | undefined {
  const declaredMs = pipeline.limits?.[name]?.holdMs;
  const isHeeded = declaredMs !== undefined && heedsQueueTimeout(version);
  const allowedMs = isHeeded ? declaredMs : consumerTimeoutMs;
  if (holdMs <= allowedMs) return undefined;
  const fewer = 'or let its attempts be shorter, or fewer messages be held';
  const lane = `Lane ${names.lane(pipeline, name)} may hold a message for ${holdMs} ms`;
  if (isHeeded)
    return `${lane}, but its queue is declared for ${allowedMs} ms (holdMs of the lane): raise that, and let the queue be declared anew, ${fewer}.`;
  const own = `RabbitMQ ${version} takes it back after ${allowedMs} ms`;
  const config = `set consumer_timeout = ${holdMs} in rabbitmq.conf and RABBITMQ_CONSUMER_TIMEOUT_MS=${holdMs} here`;
  if (declaredMs !== undefined)
    return `${lane}, and ${own}: it takes no notice of a queue's own timeout before 3.11.15. Upgrade it; or ${config}, ${fewer}.`;
  return `${lane}, and ${own}: give the lane a holdMs of ${holdMs} or more, with which its queue is declared; or ${config}, ${fewer}.`;
}
