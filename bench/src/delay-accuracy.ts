import { setTimeout as sleep } from 'node:timers/promises';
import {
  connectBroker,
  declareForGood,
  joined,
  names,
  openManagement,
  pipelineTopology,
  waitQueueStrategy,
  type Broker,
} from '@esteira/messaging';
import { createLogger } from '@esteira/observability';
import type { OutgoingMessage, Pipeline, RetryPolicy } from '@esteira/pipeline';
import { min } from 'simple-statistics';
import type { Arena } from './arena.ts';
import { openFlow } from './flow.ts';
import { waitFigures, type Measurement } from './measured.ts';

/** A pipeline beside the orders, so that its messages are seen the moment they come back to their lane. */
const DELAYED: Pipeline = { name: 'delayed', types: [{ name: 'delayed', schemaVersion: 1 }], lanes: ['primary'] };
const MESSAGES = 10_000;
const DELAY_MS = 10_000;
const BATCH = 200;
const BATCH_EVERY_MS = 100;
/** So long before the first is due the orders start: they run while all of them are. */
const HEAD_START_MS = 2_000;

const logger = createLogger({ name: 'bench', level: 'silent' });

/**
 * How late a message comes back from waiting 10 s, while the orders pipeline keeps broker and machine busy. 10,000
 * messages are handed to the product's own wait-queue strategy over 5 s, for a second pipeline on the same broker; it
 * is due 10 s after it was handed over, before the confirm; it has arrived when it comes out of its lane.
 */
export async function measureDelayAccuracy(arena: Arena, orders: number): Promise<Measurement> {
  const flow = await openFlow(arena);
  const { RABBITMQ_URL: url, RABBITMQ_MANAGEMENT_URL: management } = flow.settings;
  const broker = await connectBroker({ url, name: 'bench delays', logger });
  try {
    await flow.fill(orders);
    const policy: RetryPolicy = { maxAttempts: 2, delaysMs: [DELAY_MS], timeoutMs: 1_000 };
    const strategy = waitQueueStrategy(broker, DELAYED);
    await broker.untilConnected();
    const topology = joined(pipelineTopology(DELAYED), strategy.topology(policy));
    await declareForGood(broker, topology, openManagement(management, url), logger);
    const due = new Map<string, number>();
    const arrivals = await watchArrivals(broker, due);
    await handOver(due, (messages) => strategy.hand(messages, DELAY_MS));
    await sleep(DELAY_MS - (MESSAGES / BATCH) * BATCH_EVERY_MS - HEAD_START_MS);
    const seconds = await flow.run({ stored: orders, logged: orders }, 1);
    const late = await arrivals.all;
    await flow.conclude();
    const figures = { ...waitFigures(late, 50, 99), 'earliest ms': min(late), 'orders/s': orders / seconds };
    return { bench: 'delay accuracy', variant: 'wait-queue', figures };
  } finally {
    await broker.close();
    await flow.close();
  }
}

async function handOver(due: Map<string, number>, hand: (messages: OutgoingMessage[]) => Promise<void>): Promise<void> {
  const handed: Promise<void>[] = [];
  for (let at = 0; at < MESSAGES; at += BATCH) {
    const messages = Array.from({ length: BATCH }, (_, index) => messageOf(at + index));
    for (const { messageId } of messages) due.set(messageId, performance.now() + DELAY_MS);
    handed.push(hand(messages));
    await sleep(BATCH_EVERY_MS);
  }
  await Promise.all(handed);
}

const messageOf = (index: number): OutgoingMessage => ({
  messageId: String(index),
  type: DELAYED.types[0].name,
  lane: 'primary',
  body: Buffer.from(JSON.stringify({ index, filling: 'x'.repeat(300) })),
  headers: {},
});

/** How late each message was, in milliseconds, when all have come. */
async function watchArrivals(broker: Broker, due: ReadonlyMap<string, number>): Promise<{ all: Promise<number[]> }> {
  const { promise, resolve } = Promise.withResolvers<number[]>();
  const late = new Map<string, number>();
  const channel = await broker.channel();
  await channel.consume(
    names.lane(DELAYED, 'primary'),
    (message) => {
      const id = String(message?.properties.messageId);
      if (!late.has(id)) late.set(id, performance.now() - (due.get(id) ?? 0));
      if (late.size === MESSAGES) resolve([...late.values()]);
    },
    { noAck: true },
  );
  return { all: promise };
}
