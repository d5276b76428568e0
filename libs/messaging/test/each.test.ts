import type { Pipeline } from '@esteira/pipeline';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { consume, laneDepth, names, type Broker, type Consumer, type Delivery, type Settlement } from '../src/index.ts';
import { openProxy } from './support/proxy.ts';
import { redeliveriesOf } from './support/redeliveries.ts';
import {
  connected,
  freshPipeline,
  idsOf,
  logger,
  messages,
  openStage,
  patient,
  publish,
  type Stage,
} from './support/stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

const ACK: Settlement = { kind: 'ack' };
const FAULT: Settlement = { kind: 'return', fault: { code: 'away', message: 'It is away.' } };

interface Run {
  readonly delivery: Delivery;
  readonly end: (settlement: Settlement) => void;
}

/** Consumes each by itself. What `isSlow` names runs until the test ends it; all else is acked at once. */
function consumeEach(
  broker: Broker,
  pipeline: Pipeline,
  isSlow: (id: string) => boolean,
  concurrency = 3,
  prefetch = 2 * concurrency,
) {
  const slow: Run[] = [];
  const seen: Delivery[] = [];
  let running = 0;
  let most = 0;
  const handle = (delivery: Delivery): Settlement | Promise<Settlement> => {
    seen.push(delivery);
    if (!isSlow(delivery.messageId ?? '')) return ACK;
    const { promise, resolve } = Promise.withResolvers<Settlement>();
    slow.push({ delivery, end: resolve });
    return promise;
  };
  const consumer = consume(broker, {
    queue: names.lane(pipeline, 'primary'),
    mode: 'each',
    ...{ prefetch, batchSize: 1, batchesInFlight: concurrency, logger },
    keyOf: ({ messageId, tag }) => messageId ?? String(tag),
    handler: async ([delivery]) => {
      running += 1;
      most = Math.max(most, running);
      const settlement = await handle(delivery!);
      running -= 1;
      return [settlement];
    },
  });
  onTestFinished(() => consumer.stop(0));
  return { consumer, slow, seen, most: () => most };
}

async function laneOf(count: number): Promise<Pipeline> {
  const pipeline = await freshPipeline(stage);
  await publish(stage, pipeline, messages(count));
  return pipeline;
}

/** What a lane still holds when nobody consumes it, by a consumer that takes it all. */
async function leftIn(pipeline: Pipeline, count: number): Promise<string[]> {
  const { consumer, seen } = consumeEach(stage.broker, pipeline, () => false);
  await vi.waitFor(async () => {
    expect(idsOf(seen)).toHaveLength(count);
    expect(await laneDepth(stage.broker, pipeline)).toBe(0);
  }, patient);
  await consumer.stop(60_000);
  return idsOf(seen);
}

const stopped = ({ state }: Consumer) => state.kind === 'stopped';

describe('messages that are consumed each by itself', () => {
  it('are acked while a slow one runs: that one alone comes back when its consumer is gone', async () => {
    const pipeline = await laneOf(40);
    const { consumer, slow, seen } = consumeEach(stage.broker, pipeline, (id) => id === 'm-0');
    await vi.waitFor(() => {
      expect(idsOf(seen)).toHaveLength(40);
    }, patient);
    await consumer.stop(0);
    expect(stopped(consumer)).toBe(true);
    slow[0]?.end(ACK);
    expect(await leftIn(pipeline, 1)).toEqual(['m-0']);
  });

  it('run as many at once as they may, and no more', async () => {
    const pipeline = await laneOf(30);
    const { slow, seen, most } = consumeEach(stage.broker, pipeline, () => true, 4);
    for (let ended = 0; ended < 30; ended += 1) {
      await vi.waitFor(() => {
        expect(slow).toHaveLength(Math.min(30, ended + 4));
      }, patient);
      slow[ended]?.end(ACK);
    }
    expect(most()).toBe(4);
    expect(idsOf(seen)).toHaveLength(30);
  });

  it('go on after a fault of one, which is given back at once, while a slow one runs', async () => {
    const pipeline = await laneOf(2);
    const { slow, seen } = consumeEach(stage.broker, pipeline, (id) => id !== 'm-5');
    const runsOf = (id: string) => slow.filter(({ delivery }) => delivery.messageId === id);
    await vi.waitFor(() => {
      expect([...runsOf('m-0'), ...runsOf('m-1')]).toHaveLength(2);
    }, patient);
    runsOf('m-1')[0]?.end(FAULT);
    await vi.waitFor(() => {
      expect(runsOf('m-1')).toHaveLength(2);
    }, patient);
    expect(runsOf('m-1')[1]?.delivery.redelivered).toBe(true);
    runsOf('m-1')[1]?.end(ACK);
    await publish(stage, pipeline, messages(6).slice(5));
    await vi.waitFor(() => {
      expect(idsOf(seen)).toContain('m-5');
    }, patient);
    // It ran through all that, and is acked on the channel that it came by.
    expect(runsOf('m-0')).toHaveLength(1);
    runsOf('m-0')[0]?.end(ACK);
  });

  it('stay where they are while each fails, but for two at a time: in an outage hardly any comes nearer to its delivery limit', async () => {
    const pipeline = await laneOf(60);
    const redeliveries = redeliveriesOf(pipeline);
    const { consumer, slow } = consumeEach(stage.broker, pipeline, () => true, 4, 40);
    let failed = 0;
    while (failed < 16) {
      await vi.waitFor(() => {
        expect(slow.length).toBeGreaterThan(failed);
      }, patient);
      for (const { end } of slow.slice(failed)) {
        failed += 1;
        end(FAULT);
      }
    }
    await consumer.stop(0);
    for (const { end } of slow.slice(failed)) end(FAULT);
    // Those that were tried, and hardly any beside them: when the outage began forty were held.
    expect(redeliveries()).toBeGreaterThan(0);
    expect(redeliveries()).toBeLessThanOrEqual(slow.length + 4);
    const { seen } = consumeEach(stage.broker, pipeline, () => false);
    await vi.waitFor(() => {
      expect(idsOf(seen)).toHaveLength(60);
    }, patient);
    expect(seen.filter(({ redelivered }) => redelivered).length).toBeLessThanOrEqual(40);
  });

  it('are all taken again once a probe is acked, or while probes run on', async () => {
    const pipeline = await laneOf(12);
    const { slow, seen, most } = consumeEach(stage.broker, pipeline, () => true, 6);
    await vi.waitFor(() => {
      expect(slow).toHaveLength(6);
    }, patient);
    for (const { end } of slow) end(FAULT);
    // They neither fail nor end: others join them.
    await vi.waitFor(() => {
      expect(slow).toHaveLength(12);
    }, patient);
    slow[6]?.end(ACK);
    await vi.waitFor(() => {
      expect(slow).toHaveLength(13);
    }, patient);
    expect(most()).toBe(6);
    let ended = 6;
    while (idsOf(seen).length < 12 || ended < slow.length) {
      for (const { end } of slow.slice(ended)) {
        ended += 1;
        end(ACK);
      }
      await new Promise(setImmediate);
    }
  });

  it('that run on after a fault of another count among those that run at once', async () => {
    const pipeline = await laneOf(20);
    const { slow, most } = consumeEach(stage.broker, pipeline, () => true, 4);
    await vi.waitFor(() => {
      expect(slow).toHaveLength(4);
    }, patient);
    for (let faults = 1; faults <= 3; faults += 1) {
      slow.at(-1)?.end(FAULT);
      await vi.waitFor(() => {
        expect(slow).toHaveLength(4 + faults);
      }, patient);
    }
    expect(most()).toBe(4);
    for (const { end } of slow) end(ACK);
  });

  it('never run beside themselves, though their connection is lost and they are delivered again', async () => {
    const pipeline = await laneOf(5);
    const proxy = await openProxy(stage.url);
    onTestFinished(() => proxy.close());
    const broker = await connected(proxy.url);
    onTestFinished(() => broker.close());
    const { slow, seen, consumer } = consumeEach(broker, pipeline, (id) => id === 'm-0');
    await vi.waitFor(() => {
      expect(idsOf(seen)).toHaveLength(5);
    }, patient);
    proxy.cut();
    await publish(stage, pipeline, messages(7).slice(5));
    await vi.waitFor(() => {
      expect(idsOf(seen)).toHaveLength(7);
    }, patient);
    expect(slow).toHaveLength(1);
    slow[0]?.end(ACK);
    // The copy that waited for it.
    await vi.waitFor(() => {
      expect(slow).toHaveLength(2);
    }, patient);
    slow[1]?.end(ACK);
    await consumer.stop(60_000);
    expect(await laneDepth(stage.broker, pipeline)).toBe(0);
  });

  it('are finished when their consumer is stopped, and what has not begun is given back', async () => {
    const pipeline = await laneOf(10);
    const { consumer, slow } = consumeEach(stage.broker, pipeline, () => true);
    await vi.waitFor(() => {
      expect(slow).toHaveLength(3);
    }, patient);
    const over = consumer.stop(600_000);
    for (const { end } of slow) end(ACK);
    await over;
    expect(slow).toHaveLength(3);
    expect(await leftIn(pipeline, 7)).not.toContain(slow[0]?.delivery.messageId);
  });
});
