import { createLogger } from '@esteira/observability';
import type { Pipeline } from '@esteira/pipeline';
import { freshName } from '@esteira/tests/support';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  consume,
  heedsQueueTimeout,
  laneDepth,
  names,
  pipelineTopology,
  versionOf,
  type BatchHandler,
  type Consumer,
  type Delivery,
} from '../src/index.ts';
import { control, takeBackAfter, takeBackAsEver } from './support/running-broker.ts';
import {
  declare,
  freshPipeline,
  isAtLeast,
  journeyOf,
  messageOf,
  messages,
  openStage,
  patient,
  publish,
  type Stage,
} from './support/stage.ts';

/** What stores the effect of a message once, and knows it again when it comes a second time. */
class Store {
  /** By message, who stored it. */
  readonly effects = new Map<string, string>();
  /** Message, consumer, and the number of the attempt, as they were begun. */
  readonly attempts: string[] = [];

  async handle(by: string, batch: readonly Delivery[], attempt: Promise<unknown>) {
    const fresh = batch.filter(({ messageId = '' }) => !this.effects.has(messageId));
    this.attempts.push(...fresh.map((delivery) => `${delivery.messageId} ${by} ${journeyOf(delivery).attempt}`));
    await attempt;
    for (const { messageId = '' } of fresh) if (!this.effects.has(messageId)) this.effects.set(messageId, by);
    return batch.map(() => ({ kind: 'ack' }) as const);
  }
}

describe.skipIf(control === undefined)("an attempt that outlasts the broker's consumer timeout", () => {
  let stage: Stage;
  /** From 4.3 on the queue takes back what is overdue, and cancels the consumer; before, its channel is closed. */
  let isQueues: boolean;

  beforeAll(async () => {
    await takeBackAfter(2_000);
    stage = await openStage();
    isQueues = await isAtLeast(stage, 4, 3);
  });

  afterAll(async () => {
    await stage.close();
    await takeBackAsEver();
  });

  const consumeOneByOne = (
    pipeline: Pipeline,
    handler: BatchHandler,
    lines: string[] = [],
    lane = 'primary',
  ): Consumer =>
    consume(stage.broker, {
      queue: names.lane(pipeline, lane),
      ...{ prefetch: 100, batchSize: 1, batchesInFlight: 1 },
      keyOf: ({ messageId }) => messageId ?? '',
      handler,
      logger: createLogger({ name: 'test', level: 'warn', destination: { write: (line) => lines.push(line) } }),
    });

  it('has one effect, by whoever gets the message next; its consumer tells of it and goes on by itself', async () => {
    const pipeline = await freshPipeline(stage);
    const store = new Store();
    const lines: string[] = [];
    const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
    const first = consumeOneByOne(pipeline, (batch) => store.handle('first', batch, gate), lines);
    await publish(stage, pipeline, messages(3));
    await vi.waitFor(() => {
      expect(store.attempts).toEqual(['m-0 first 1']);
    }, patient);
    const second = consumeOneByOne(pipeline, (batch) => store.handle('second', batch, Promise.resolve()));
    // What waited behind it too, although the attempt still lasts.
    await vi.waitFor(() => {
      expect([...store.effects].sort()).toEqual(['m-0', 'm-1', 'm-2'].map((id) => [id, 'second']));
    }, patient);
    await vi.waitFor(() => {
      const fault = { code: isQueues ? 'consumer-cancelled' : 'channel-closed' };
      expect(first.state).toMatchObject({ kind: 'backing-off', fault });
    }, patient);
    if (first.state.kind === 'backing-off' && !isQueues)
      expect(first.state.fault.message).toMatch(/406 .*PRECONDITION_FAILED - delivery acknowledgement .*timed out/);
    const told = lines.filter((line) => line.includes('took back messages'));
    expect(told).toHaveLength(1);
    expect(told[0]).toContain('"inWork":1,"messageIds":["m-0"]');
    await second.stop(60_000);
    open(undefined);
    await publish(stage, pipeline, [messageOf(3)]);
    await vi.waitFor(() => {
      expect(store.effects.get('m-3')).toBe('first');
    }, patient);
    await first.stop(60_000);
    // The late ack took nothing else along, and the number of the attempt is the same: it counts once.
    expect(await laneDepth(stage.broker, pipeline)).toBe(0);
    expect(store.effects.get('m-0')).toBe('second');
    expect(store.attempts.filter((attempt) => attempt.startsWith('m-0'))).toEqual(['m-0 first 1', 'm-0 second 1']);
  });

  /** Has the broker take back another message, of another pipeline. */
  async function oneIsTakenBack(): Promise<void> {
    const pipeline = await freshPipeline(stage);
    const lines: string[] = [];
    const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
    const consumer = consumeOneByOne(pipeline, (batch) => new Store().handle('other', batch, gate), lines);
    await publish(stage, pipeline, messages(1));
    await vi.waitFor(() => {
      expect(lines.some((line) => line.includes('took back'))).toBe(true);
    }, patient);
    open(undefined);
    await consumer.stop(60_000);
  }

  it('lasts as long as its lane says, on each version that takes notice of it', async () => {
    const limits = { secondary: { holdMs: 600_000 } };
    const pipeline: Pipeline = { ...(await freshPipeline(stage)), name: freshName('p'), limits };
    await declare(stage, pipelineTopology(pipeline));
    const gate = Promise.withResolvers<undefined>();
    const lines: string[] = [];
    const store = new Store();
    const consumers = pipeline.lanes.map((lane) =>
      consumeOneByOne(pipeline, (batch) => store.handle(lane, batch, gate.promise), lines, lane),
    );
    await publish(stage, pipeline, [messageOf(1, 'primary'), messageOf(2, 'secondary')]);
    await vi.waitFor(() => {
      expect(store.attempts).toHaveLength(2);
    }, patient);
    const takenBack = (id: string) => lines.some((line) => line.includes('took back') && line.includes(id));
    const isHeeded = heedsQueueTimeout(await versionOf(stage.broker));
    await vi.waitFor(() => {
      expect(takenBack('m-1')).toBe(true);
      if (!isHeeded) expect(takenBack('m-2')).toBe(true);
    }, patient);
    // Long enough for another one to be taken back, which came later.
    if (isHeeded) await oneIsTakenBack();
    expect(takenBack('m-2')).toBe(!isHeeded);
    gate.resolve(undefined);
    await Promise.all(consumers.map((consumer) => consumer.stop(60_000)));
  });
});
