import { connectBroker, laneDepth } from '@esteira/messaging';
import { createLogger } from '@esteira/observability';
import { ordersPipeline } from '@esteira/orders/domain';
import { startApi, startConsumer, type App, type AppOptions } from './apps.ts';
import type { Arena } from './arena.ts';
import { openBooks } from './books.ts';
import { WARM_UP } from './ceiling.ts';
import { fillSource } from './fill.ts';
import { perOrder, type Measurement } from './measured.ts';
import { openPlace } from './place.ts';
import { cpuBetween, cpuSeconds, residentMemory } from './resources.ts';

/** A whole pipeline: one API, one consumer, as they are really started. */
export interface Flow {
  readonly api: App;
  readonly consumer: App;
  /** Puts orders into the source that succeed, and has it written to disc: that is not what is measured. */
  fill(orders: number): Promise<void>;
  /** Publishes all there is. Resolves when so many more are stored and logged and the lane is empty: in seconds. */
  run(orders: number): Promise<number>;
  /** Ends the apps; what they had not acked is back in the lane then. Rejects unless all is stored once and logged. */
  conclude(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The pipeline: `POST /v0/process/run` over a filled source, one API and one consumer process, everything with its
 * guarantees: read below the watermark, published with confirms, recalled, verified, stored, logged with j: true,
 * acked. Each order takes one attempt: all rows have `security_check = true` and the run asks for `max_attempts: 1`,
 * so that the simulated verifier, which every row runs through, asks for exactly one.
 *
 * The clock runs from the request until the last row is stored AND logged and the lane is empty; then the apps are
 * ended in order, and rows, documents and what is left in the lane are counted: otherwise it does not count.
 */
export async function measurePipeline(arena: Arena, orders: number): Promise<Measurement> {
  const { servers, logFile } = arena;
  const flow = await openFlow(arena, { api: { logFile }, consumer: { logFile } });
  try {
    await flow.fill(Math.min(orders, WARM_UP));
    await flow.run(Math.min(orders, WARM_UP));
    await flow.fill(orders);
    const pids = { api: flow.api.pid, consumer: flow.consumer.pid };
    const before = cpuSeconds(servers.mark, pids);
    const seconds = await flow.run(orders);
    const cpu = cpuBetween(before, cpuSeconds(servers.mark, pids));
    const memory = { 'api MiB': residentMemory(pids.api).peak, 'consumer MiB': residentMemory(pids.consumer).peak };
    await flow.conclude();
    const figures = { 'orders/s': orders / seconds, seconds, orders, ...memory };
    return { bench: 'pipeline', variant: 'esteira', figures, cpuMicroseconds: perOrder(cpu, orders) };
  } finally {
    await flow.close();
  }
}

/** Starts a pipeline in a place of its own. */
export async function openFlow({ servers }: Arena, options: { api: AppOptions; consumer: AppOptions }): Promise<Flow> {
  const place = await openPlace(servers.settings);
  const { settings } = place;
  const apps = await Promise.all([startApi(settings, options.api), startConsumer(settings, options.consumer)]);
  const [api, consumer] = apps;
  const logger = createLogger({ name: 'bench', level: 'silent' });
  const broker = await connectBroker({ url: settings.RABBITMQ_URL, name: 'bench', logger });
  await broker.untilConnected();
  const books = openBooks(settings);
  let total = 0;
  return {
    api,
    consumer,
    fill: (orders) => fillSource(settings, orders),
    run: async (orders) => {
      total += orders;
      const started = performance.now();
      await post(`${api.url}/v0/process/run`, { max_attempts: 1 });
      const isEmpty = async () => (await laneDepth(broker, ordersPipeline)) === 0;
      return ((await books.until({ stored: total, logged: total }, isEmpty)) - started) / 1_000;
    },
    conclude: async () => {
      await Promise.all(apps.map((app) => app.stop()));
      await books.check({ stored: total, logged: total });
      const left = await laneDepth(broker, ordersPipeline);
      if (left > 0) throw new Error(`It does not count: ${left} messages are still in the lane.`);
    },
    close: async () => {
      await Promise.all(apps.map((app) => app.stop()));
      await Promise.all([broker.close(), books.close()]);
      await place.drop();
    },
  };
}

async function post(url: string, body: unknown): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
}
