import type { Pipeline } from '@esteira/pipeline';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createPublisher, names, readyNow, sift, untilPutBack, type SiftedMessage } from '../src/index.ts';
import {
  connected,
  freshPipeline,
  logger,
  messages,
  openStage,
  patient,
  recorder,
  type Stage,
} from './support/stage.ts';
import { consume } from '../src/index.ts';

let stage: Stage;
beforeAll(async () => (stage = await openStage()));
afterAll(() => stage.close());

const NEVER_TAKEN = { messages: 5, ready: 5, unacked: 0, consumers: 0, arguments: {}, isNew: false, inForce: {} };
const numberOf = ({ messageId }: { readonly messageId: string | undefined }) => Number(messageId?.slice(2));

async function queueOf(count: number): Promise<{ pipeline: Pipeline; queue: string }> {
  const pipeline = await freshPipeline(stage);
  const exchange = names.deadLetterExchange(pipeline);
  const publish = createPublisher(stage.broker, { exchange, mandatory: true, appId: 'test' });
  await publish(messages(count));
  return { pipeline, queue: names.deadLetterQueue(pipeline) };
}

/** What is in a queue, sorted. */
async function contents(queue: string, count: number): Promise<number[]> {
  const { seen, handler } = recorder();
  const consumer = consume(stage.broker, {
    queue,
    prefetch: 500,
    batchSize: 200,
    batchesInFlight: 1,
    keyOf: ({ tag }) => String(tag),
    handler,
    logger,
  });
  await vi.waitFor(() => {
    expect(seen).toHaveLength(count);
  }, patient);
  await consumer.stop(1_000);
  return seen.map(numberOf).sort((one, other) => one - other);
}

describe('a pass over a queue', () => {
  it('removes what is done and looks at each message once, however many portions it takes', async () => {
    const { queue } = await queueOf(1_000);
    const asked: SiftedMessage[] = [];
    const isThird = (all: readonly SiftedMessage[]) => {
      asked.push(...all);
      return Promise.resolve(all.map((message) => numberOf(message) % 3 === 0));
    };
    expect(await sift(stage.broker, queue, isThird, 150)).toEqual({ looked: 1_000, removed: 334 });
    expect(asked.map(numberOf)).toEqual(Array.from({ length: 1_000 }, (_, index) => index));
    expect(asked[0]?.headers).toMatchObject({ 'x-round': 1 });
    expect(await contents(queue, 666)).toEqual(asked.map(numberOf).filter((n) => n % 3 !== 0));
  });

  it('has removed what it says, for good, however much that is', async () => {
    for (const count of [500, 1_000, 2_000, 4_000]) {
      const { queue } = await queueOf(count);
      const all = await sift(stage.broker, queue, (found) => Promise.resolve(found.map(() => true)));
      expect(all).toEqual({ looked: count, removed: count });
      const none = await sift(stage.broker, queue, (found) => Promise.resolve(found.map(() => false)));
      expect(none).toEqual({ looked: 0, removed: 0 });
    }
  });

  it('ends where nothing is, and where another holds the rest', async () => {
    const { queue } = await queueOf(20);
    const none = (all: readonly SiftedMessage[]) => Promise.resolve(all.map(() => false));
    const { promise: seen, resolve } = Promise.withResolvers<undefined>();
    const { promise: goOn, resolve: release } = Promise.withResolvers<undefined>();
    const first = sift(stage.broker, queue, async (all) => {
      resolve(undefined);
      await goOn;
      return none(all);
    });
    await seen;
    expect(await sift(stage.broker, queue, none)).toEqual({ looked: 0, removed: 0 });
    release(undefined);
    expect(await first).toEqual({ looked: 20, removed: 0 });
    expect(await contents(queue, 20)).toHaveLength(20);
  });

  it('gives everything back when it can not be told what is done, or the connection is lost', async () => {
    const { queue } = await queueOf(50);
    await expect(sift(stage.broker, queue, () => Promise.reject(new Error('away')), 20)).rejects.toThrow('away');
    const other = await connected(stage.url);
    await expect(
      sift(other, queue, async (all) => {
        await other.close();
        return all.map(() => true);
      }),
    ).rejects.toThrow();
    expect(await contents(queue, 50)).toEqual(Array.from({ length: 50 }, (_, index) => index));
  });
});

describe('what a process that was killed had taken', () => {
  it('is waited for, though the counts are of a time before it was taken', async () => {
    const { queue } = await queueOf(5);
    const killed = await stage.broker.channel();
    await killed.prefetch(2);
    await killed.consume(queue, () => undefined);
    await vi.waitFor(async () => {
      expect((await readyNow(stage.broker, [queue])).get(queue)?.ready).toBe(3);
    }, patient);
    let looks = 0;
    const late = {
      queue: async () => {
        looks += 1;
        if (looks === 3) await killed.close();
        return { ...NEVER_TAKEN, name: queue };
      },
    };
    await untilPutBack(stage.broker, late, queue, new AbortController().signal);
    expect(looks).toBeGreaterThanOrEqual(3);
  });
});
