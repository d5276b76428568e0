import type { Settings } from '@esteira/settings';
import { connectBroker, laneDepth, type Broker } from '@esteira/messaging';
import { createLogger } from '@esteira/observability';
import { attemptsRequired, messageIds, ordersPipeline } from '@esteira/orders/domain';
import { startApi, startConsumer, type App } from './apps.ts';
import type { Arena } from './arena.ts';
import { openBooks, type Books, type Counts } from './books.ts';
import { fillSource } from './fill.ts';
import { openPlace } from './place.ts';
import { cpuSeconds, residentMemory, type CpuSeconds } from './resources.ts';

/** A whole pipeline in a place of its own: one API, one consumer, as they are really started. */
export interface Flow {
  readonly settings: Settings;
  readonly api: App;
  readonly broker: Broker;
  readonly books: Books;
  /** Starts the consumer, where it was not to be started with the API. */
  startConsumer(): Promise<void>;
  /** Puts orders into the source that succeed. */
  fill(orders: number): Promise<void>;
  /** Asks the API for a run. */
  publish(request: { max_attempts?: number; follow?: boolean }): Promise<void>;
  /**
   * Publishes all there is. Resolves when so many more are stored, and so many more attempts logged, and the lane is
   * empty: in seconds from the request.
   */
  run(more: Counts, maxAttempts: number): Promise<number>;
  /** As {@link run}, without the request, for what is published already or comes otherwise. */
  arrived(more: Counts, started?: number): Promise<number>;
  /** Of API, consumer and all servers. */
  cpu(): CpuSeconds;
  /** The most memory that API and consumer had so far, in MiB. */
  memory(): Record<string, number>;
  /** Ends the apps; what they had not acked is back in the lane then. Rejects unless all is stored once and logged. */
  conclude(): Promise<void>;
  close(): Promise<void>;
}

/** What is different from a default start. */
export interface FlowOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeArguments?: (app: 'api' | 'consumer') => readonly string[];
  /** Starts the API alone. */
  readonly consumerLater?: boolean;
}

/** Starts a pipeline in a place of its own. */
export async function openFlow({ servers, logFile }: Arena, options: FlowOptions = {}): Promise<Flow> {
  const { env = {}, nodeArguments = () => [], consumerLater = false } = options;
  const place = await openPlace(servers.settings, env);
  const { settings } = place;
  const started = { logFile, mark: servers.mark };
  const begin = {
    api: () => startApi(settings, { ...started, nodeArguments: nodeArguments('api') }),
    consumer: () => startConsumer(settings, { ...started, nodeArguments: nodeArguments('consumer') }),
  };
  try {
    const [api, ...consumers] = await Promise.all([begin.api(), ...(consumerLater ? [] : [begin.consumer()])]);
    const broker = await connectBroker({ url: settings.RABBITMQ_URL, name: 'bench', logger });
    await broker.untilConnected();
    const parts = { settings, api, consumers, broker, books: openBooks(settings), startConsumer: begin.consumer };
    return new RunningFlow(parts, servers.mark, () => place.drop());
  } catch (error) {
    await place.drop();
    throw error;
  }
}

const logger = createLogger({ name: 'bench', level: 'silent' });

interface Parts extends Pick<Flow, 'settings' | 'api' | 'broker' | 'books'> {
  readonly consumers: App[];
  readonly startConsumer: () => Promise<App>;
}

class RunningFlow implements Flow {
  readonly settings: Settings;
  readonly api: App;
  readonly broker: Broker;
  readonly books: Books;
  readonly #parts: Parts;
  readonly #mark: Readonly<Record<string, string>>;
  readonly #drop: () => Promise<void>;
  #stored = 0;
  #logged = 0;

  constructor(parts: Parts, mark: Readonly<Record<string, string>>, drop: () => Promise<void>) {
    this.settings = parts.settings;
    this.api = parts.api;
    this.broker = parts.broker;
    this.books = parts.books;
    this.#parts = parts;
    this.#mark = mark;
    this.#drop = drop;
  }

  async startConsumer(): Promise<void> {
    this.#parts.consumers.push(await this.#parts.startConsumer());
  }

  fill(orders: number): Promise<void> {
    return fillSource(this.settings, orders);
  }

  async publish(request: { max_attempts?: number; follow?: boolean }): Promise<void> {
    const url = `${this.api.url}/v0/process/run`;
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(request) });
    if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  }

  async run(more: Counts, maxAttempts: number): Promise<number> {
    const started = performance.now();
    await this.publish({ max_attempts: maxAttempts });
    return this.arrived(more, started);
  }

  async arrived({ stored, logged }: Counts, started = performance.now()): Promise<number> {
    this.#stored += stored;
    this.#logged += logged;
    const isEmpty = async () => (await laneDepth(this.broker, ordersPipeline)) === 0;
    return ((await this.books.until({ stored: this.#stored, logged: this.#logged }, isEmpty)) - started) / 1_000;
  }

  cpu(): CpuSeconds {
    return cpuSeconds(this.#mark, this.#pids());
  }

  memory(): Record<string, number> {
    const all = Object.entries(this.#pids());
    return Object.fromEntries(all.map(([name, pid]) => [`${name} MiB`, residentMemory(pid).peak]));
  }

  async conclude(): Promise<void> {
    await this.#stopApps();
    await this.books.check({ stored: this.#stored, logged: this.#logged });
    const left = await laneDepth(this.broker, ordersPipeline);
    if (left > 0) throw new Error(`It does not count: ${left} messages are still in the lane.`);
  }

  async close(): Promise<void> {
    await this.#stopApps();
    await Promise.all([this.broker.close(), this.books.close()]);
    await this.#drop();
  }

  #pids(): Record<string, number> {
    const [consumer] = this.#parts.consumers;
    return { api: this.api.pid, ...(consumer && { consumer: consumer.pid }) };
  }

  async #stopApps(): Promise<void> {
    await Promise.all([this.api, ...this.#parts.consumers].map((app) => app.stop()));
  }
}

/** How many attempts the rows from id `first` on ask for, at most `maxAttempts` each. */
export function attemptsOfRows(first: number, count: number, maxAttempts: number): number {
  const idOf = messageIds('system-1');
  let attempts = 0;
  for (let id = first; id < first + count; id += 1) attempts += attemptsRequired(idOf(String(id)), true, maxAttempts);
  return attempts;
}
