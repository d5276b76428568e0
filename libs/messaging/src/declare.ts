import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@esteira/observability';
import type { Broker } from './broker.ts';
import { ADVICE, declareAll, TopologyMismatch } from './declaring.ts';
import type { Management } from './management.ts';
import type { Arguments, Exchange, Queue, Topology } from './topology.ts';

/**
 * Declares a topology. Idempotent. The broker itself compares only some arguments (an unknown or wrong `x-` argument
 * is accepted silently by every version), so what exists is read back and compared too.
 *
 * @throws TopologyMismatch when a queue or exchange of the name exists with other arguments, when the broker would not
 * keep to one of them, or when something is missing that this user may not declare.
 */
export async function declareTopology(
  broker: Broker,
  topology: Topology,
  management: Management,
  logger: Logger,
): Promise<void> {
  await declareAll(broker, topology, management);
  await compare(topology, management, logger);
  await insistOnSafeDeadLettering(topology, management, logger);
}

/**
 * How long RabbitMQ may take until a new quorum queue survives a kill of the broker, in milliseconds. It writes the
 * names of new queues to disc about once a second; killed before that it starts the queue anew, empty, although it had
 * confirmed messages in it (seen on 3.10.8 and 4.3.6: `Starting member as a new one`).
 */
const NEW_QUEUE_SETTLES_MS = 1_500;

/** The queues that a process has found to be there to stay, by its connection. */
const settled = new WeakMap<Broker, Set<string>>();

/**
 * Declares a topology as `declareTopology` does, and resolves only when its queues are there to stay: where one is new,
 * whoever declared it. Processes that start together find the queues that the first of them declared a moment ago, and
 * may publish at once. For whoever publishes on its own (the APIs, the consumers); what a person sends again (republish,
 * redrive) goes to queues that were there when it failed.
 *
 * @param settling - waits until what is new survives.
 */
export async function declareForGood(
  broker: Broker,
  topology: Topology,
  management: Management,
  logger: Logger,
  settling: () => Promise<unknown> = () => delay(NEW_QUEUE_SETTLES_MS),
): Promise<void> {
  const existing = await management.queues().catch(() => []);
  await declareTopology(broker, topology, management, logger);
  const there = new Map(existing.map((queue) => [queue.name, queue]));
  const known = settled.get(broker) ?? new Set();
  const isNew = (name: string) => {
    const queue = there.get(name);
    return queue === undefined || (queue.isNew && !known.has(name));
  };
  if (topology.queues.some(({ name }) => isNew(name))) await settling();
  settled.set(broker, new Set([...known, ...topology.queues.map(({ name }) => name)]));
}

async function compare(topology: Topology, management: Management, logger: Logger): Promise<void> {
  const differences: string[] = [];
  try {
    for (const queue of topology.queues) differences.push(...(await queueDifferences(queue, management)));
    for (const exchange of topology.exchanges) differences.push(...(await exchangeDifferences(exchange, management)));
  } catch (error) {
    logger.warn({ err: error }, "queue arguments were not compared: RabbitMQ's management API does not answer");
    return;
  }
  if (differences.length > 0) throw new TopologyMismatch(`${differences.join('\n')}\n${ADVICE}`);
}

/** What RabbitMQ 3.10 asks for before it dead-letters at least once; built in since. */
const AT_LEAST_ONCE_FLAG = 'stream_queue';

/** With the flag off (a node upgraded from an older one) the broker falls back, silently, to what loses messages. */
async function insistOnSafeDeadLettering(topology: Topology, management: Management, logger: Logger): Promise<void> {
  if (!topology.queues.some((queue) => queue.arguments['x-dead-letter-strategy'] === 'at-least-once')) return;
  let enabled: boolean | undefined;
  try {
    enabled = await management.featureFlag(AT_LEAST_ONCE_FLAG);
  } catch (error) {
    logger.warn({ err: error }, `could not ask RabbitMQ whether its feature flag ${AT_LEAST_ONCE_FLAG} is on`);
  }
  if (enabled === false) {
    throw new TopologyMismatch(
      `RabbitMQ's feature flag ${AT_LEAST_ONCE_FLAG} is off, so it would lose messages that wait for a retry when it is killed. Run: rabbitmqctl enable_feature_flag ${AT_LEAST_ONCE_FLAG}; then restart RabbitMQ.`,
    );
  }
}

async function queueDifferences(queue: Queue, management: Management): Promise<string[]> {
  const report = await management.queue(queue.name);
  return report === undefined ? [] : differencesOf(`Queue ${queue.name}`, queue.arguments, report.arguments);
}

async function exchangeDifferences(exchange: Exchange, management: Management): Promise<string[]> {
  const report = await management.exchange(exchange.name);
  if (report === undefined) return [];
  return differencesOf(`Exchange ${exchange.name}`, exchange.arguments ?? {}, report.arguments);
}

/** What differs between the arguments needed and those that exist, a line each. */
export function differencesOf(what: string, needed: Arguments, existing: Readonly<Record<string, unknown>>): string[] {
  const all = [...new Set([...Object.keys(needed), ...Object.keys(existing)])];
  return all
    .filter((name) => needed[name] !== existing[name])
    .map((name) => `${what}: ${name} is ${shown(existing[name])}, but ${shown(needed[name])} is needed.`);
}

function shown(value: unknown): string {
  return value === undefined ? 'not set' : JSON.stringify(value);
}
