import { EventEmitter, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, type Channel, type ChannelModel, type ConfirmChannel, type RecoveringChannelModel } from 'amqplib';
import { outageOf, reasonOf, type Logger, type Outage } from '@esteira/observability';
import { closeChannel } from './close-channel.ts';
import { accountOf, credentialsOf, refusalOf, type Account } from './connection.ts';

/** The broker can't be reached right now. The connection comes back by itself; try again. */
export class BrokerUnavailable extends Error {
  override name = 'BrokerUnavailable';
}

/** A connection to RabbitMQ that comes back by itself, with backoff and jitter. */
export interface Broker {
  /** Host, port and virtual host, without user or password. */
  readonly address: string;
  readonly account: Account;
  /** Why the broker holds back publishers (a memory or disk alarm), while it does. */
  readonly blocked: string | undefined;
  readonly connected: boolean;
  /** In words that it can't be reached, and why: a password, a virtual host that is not there, a limit, a silent server. */
  readonly unreachable: string;
  /** Opens a channel. @throws BrokerUnavailable while there is no connection. */
  channel(): Promise<Channel>;
  /** Opens a channel with publisher confirms. @throws BrokerUnavailable while there is no connection. */
  confirmChannel(): Promise<ConfirmChannel>;
  /** Resolves when there is a connection; rejects when `signal` fires. */
  untilConnected(signal?: AbortSignal): Promise<void>;
  /** Ends the connection for good. */
  close(): Promise<void>;
}

export interface BrokerOptions {
  readonly url: string;
  /** Shown in RabbitMQ's list of connections. */
  readonly name: string;
  readonly logger: Logger;
}

/** Seconds between heartbeats. A peer that stops answering is noticed within three of them: after 21 to 29 s, measured. */
const HEARTBEAT_SECONDS = 10;
/** How long the broker may take to end a connection, in milliseconds. */
const GOODBYE_MS = 2_000;

/** Starts connecting; does not wait for the connection. */
export async function connectBroker({ url, name, logger }: BrokerOptions): Promise<Broker> {
  const address = addressOf(url);
  const target = new URL(url);
  target.searchParams.set('heartbeat', String(HEARTBEAT_SECONDS));
  const model = await connect(target.href, {
    ...credentialsOf(url),
    timeout: 10_000,
    noDelay: true,
    clientProperties: { connection_name: name },
    recovery: { waitForConnect: false, initialDelay: 100, maxDelay: 5_000, setup: tried },
  });
  return new RecoveringBroker(model, address, accountOf(url), logger);
}

/**
 * Tries a connection before it counts as one. A broker that shuts down may end it in the same breath in which it opens
 * it; the driver hears of the end only later than that, and would take a dead connection for a live one for ever.
 */
async function tried(model: ChannelModel): Promise<void> {
  const ended = new AbortController();
  model.once('close', () => {
    ended.abort();
  });
  // An error that nobody hears would end the process; the end of the connection follows it.
  let refusal: unknown;
  model.on('error', (error: unknown) => (refusal = error));
  try {
    const channel = await model.createChannel();
    await closeChannel(channel);
  } catch (error) {
    throw refusal ?? error;
  }
  if (ended.signal.aborted) throw new BrokerUnavailable('RabbitMQ ended the connection as soon as it was there');
}

class RecoveringBroker implements Broker {
  readonly address: string;
  readonly account: Account;
  blocked: string | undefined;
  connected = false;
  readonly #model: RecoveringChannelModel;
  readonly #logger: Logger;
  readonly #events = new EventEmitter().setMaxListeners(0);
  readonly #outage: Outage;
  /** Why there is no connection. */
  #why: string | undefined;

  constructor(model: RecoveringChannelModel, address: string, account: Account, logger: Logger) {
    this.#model = model;
    this.address = address;
    this.account = account;
    this.#logger = logger;
    this.#outage = outageOf(`RabbitMQ at ${address}`, logger);
    this.#listen();
  }

  #listen(): void {
    this.#model.on('connect', () => {
      this.connected = true;
      this.#why = undefined;
      this.#outage.answered();
      this.#logger.info({ broker: this.address }, 'connected to RabbitMQ');
      this.#events.emit('connected');
    });
    this.#model.on('disconnect', (error: Error) => {
      this.#gone(error);
    });
    this.#model.on('connect-failed', (error: Error) => {
      this.#gone(error);
    });
    this.#model.on('error', (error: Error) => {
      this.#gone(error);
    });
    this.#model.on('blocked', (reason: string) => {
      this.blocked = reason;
      this.#logger.warn({ broker: this.address, reason }, 'RabbitMQ holds publishers back');
    });
    this.#model.on('unblocked', () => {
      this.blocked = undefined;
      this.#logger.info({ broker: this.address }, 'RabbitMQ takes messages again');
    });
  }

  /** Says it once for each outage, not for each attempt to connect. */
  #gone(error: Error): void {
    this.connected = false;
    this.blocked = undefined;
    const refusal = refusalOf(error, this.account);
    this.#why = refusal ?? reasonOf(error);
    this.#outage.failed(refusal ?? error);
  }

  get unreachable(): string {
    return `RabbitMQ at ${this.address} can't be reached${this.#why === undefined ? '' : `: ${this.#why}`}`;
  }

  channel(): Promise<Channel> {
    return this.#open(() => this.#model.createChannel());
  }

  confirmChannel(): Promise<ConfirmChannel> {
    return this.#open(() => this.#model.createConfirmChannel());
  }

  async #open<C extends Channel>(create: () => Promise<C>): Promise<C> {
    if (!this.connected) throw new BrokerUnavailable(this.unreachable);
    const channel = await create();
    // An error on a channel ends that channel; whoever uses it hears of it through 'close' and pending answers.
    channel.on('error', (error: Error) => {
      this.#logger.warn({ broker: this.address, reason: reasonOf(error) }, 'RabbitMQ closed a channel');
    });
    return channel;
  }

  async untilConnected(signal?: AbortSignal): Promise<void> {
    while (!this.connected) await once(this.#events, 'connected', signal === undefined ? {} : { signal });
  }

  async close(): Promise<void> {
    this.connected = false;
    // A broker that fell silent does not answer the goodbye.
    await Promise.race([this.#model.close(), delay(GOODBYE_MS, undefined, { ref: false })]);
  }
}

function addressOf(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port || '5672'}${pathname === '/' ? '' : pathname}`;
}
