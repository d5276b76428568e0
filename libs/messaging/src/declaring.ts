import type { Channel } from 'amqplib';
import type { Broker } from './broker.ts';
import { closeChannel } from './close-channel.ts';
import type { Management } from './management.ts';
import type { Binding, Topology } from './topology.ts';

/** What exists on the broker differs from what is needed. The message names each difference. */
export class TopologyMismatch extends Error {
  override name = 'TopologyMismatch';
}

export const ADVICE =
  "Let it run empty with the version that declared it, delete it, and start again; or, if it is somebody else's, give Esteira a virtual host of its own in RABBITMQ_URL.";

const ACCESS_REFUSED = 403;
const NOT_FOUND = 404;
const RESOURCE_LOCKED = 405;
const PRECONDITION_FAILED = 406;

interface Refused {
  readonly code?: number;
  readonly message: string;
}

/**
 * Declares everything. What this user may not declare has to be there already: whoever runs the broker may keep
 * `configure` for himself.
 *
 * @throws TopologyMismatch when something of the name is different, or missing where it may not be declared, or when a
 * limit of the virtual host is reached.
 */
export async function declareAll(broker: Broker, topology: Topology, management: Management): Promise<void> {
  const declaring = new Declaring(broker);
  for (const { name, type, arguments: args } of topology.exchanges) {
    await declaring.step(
      `exchange ${name}`,
      (channel) => channel.assertExchange(name, type, { durable: true, arguments: args }),
      (channel) => channel.checkExchange(name),
    );
  }
  for (const { name, arguments: args } of topology.queues) {
    await declaring.step(
      `queue ${name}`,
      (channel) => channel.assertQueue(name, { durable: true, arguments: args }),
      (channel) => channel.checkQueue(name),
    );
  }
  for (const binding of topology.bindings) {
    const { exchange, queue, key } = binding;
    await declaring.step(
      `binding of queue ${queue} to exchange ${exchange} by "${key}"`,
      (channel) => channel.bindQueue(queue, exchange, key),
      () => insistOnBinding(binding, management),
    );
  }
  await declaring.end();
}

/** Where it can't be asked for, a message that finds no queue comes back: every publish is mandatory. */
async function insistOnBinding({ exchange, queue, key }: Binding, management: Management): Promise<void> {
  const keys = await management.bindingKeys(exchange, queue).catch(() => [key]);
  if (!keys.includes(key)) throw Object.assign(new Error('It is not bound.'), { code: NOT_FOUND });
}

/** One channel for all steps, opened again after a refusal, which closes it. */
class Declaring {
  readonly #broker: Broker;
  #channel: Channel | undefined;
  readonly #missing: string[] = [];
  #refusal = '';

  constructor(broker: Broker) {
    this.#broker = broker;
  }

  async step(
    what: string,
    declare: (channel: Channel) => Promise<unknown>,
    insist: (channel: Channel) => Promise<unknown>,
  ): Promise<void> {
    const refused = await this.#refusalOf(declare);
    if (refused === undefined) return;
    if (refused.code === NOT_FOUND && this.#missing.length > 0) {
      this.#missing.push(what); // A binding of what is missing itself.
      return;
    }
    if (refused.code !== ACCESS_REFUSED) throw inWords(refused);
    const absent = await this.#refusalOf(insist);
    if (absent === undefined) return;
    // RabbitMQ 4.3 tells a user nothing of what he has no permission for at all.
    if (absent.code !== NOT_FOUND && absent.code !== ACCESS_REFUSED) throw inWords(absent);
    this.#missing.push(what);
    this.#refusal = refused.message;
  }

  async #refusalOf(work: (channel: Channel) => Promise<unknown>): Promise<Refused | undefined> {
    const channel = (this.#channel ??= await this.#broker.channel());
    try {
      await work(channel);
      return undefined;
    } catch (error) {
      this.#channel = undefined;
      await closeChannel(channel).catch(() => undefined); // It is closed already, unless somebody else than the broker refused.
      return error as Refused;
    }
  }

  /** @throws TopologyMismatch when anything is missing. */
  async end(): Promise<void> {
    if (this.#channel !== undefined) await closeChannel(this.#channel);
    if (this.#missing.length === 0) return;
    throw new TopologyMismatch(
      `Missing on RabbitMQ, or hidden from this user, who may not declare it: ${this.#missing.join(', ')}. (${this.#refusal}) ` +
        `Give the user the permission configure, and write and read, on esteira.* and the queues: rabbitmqctl set_permissions; or let a user who has it start once.`,
    );
  }
}

function inWords(refused: Refused): unknown {
  const { code, message } = refused;
  if (code === RESOURCE_LOCKED) {
    return new TopologyMismatch(
      `${message}\nAnother connection has a queue of this name for itself alone (exclusive). End that connection, or let it take another name.`,
    );
  }
  if (code !== PRECONDITION_FAILED) return refused;
  return new TopologyMismatch(`${message}\n${/limit/.test(message) ? LIMIT_ADVICE : ADVICE}`);
}

const LIMIT_ADVICE =
  'Raise the limit of the virtual host (rabbitmqctl set_vhost_limits, max-queues), or delete queues that nobody needs.';
