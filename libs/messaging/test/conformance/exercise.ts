import fc from 'fast-check';
import { MAX_MAX_ATTEMPTS, type Pipeline, type RetryPolicy } from '@esteira/pipeline';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  joined,
  laneDepth,
  purgePipeline,
  type BatchHandler,
  type Broker,
  type Delivery,
  type DelayStrategy,
} from '../../src/index.ts';
import { openProxy, type Proxy } from '../support/proxy.ts';
import {
  connected,
  consumeLane,
  declare,
  freshPipeline,
  idsOf,
  journeyOf,
  messageOf,
  messages,
  nextAttempt,
  openStage,
  patient,
  publish,
  recorder,
  type Stage,
} from '../support/stage.ts';

/** Makes the strategy under test. */
export type MakeStrategy = (broker: Broker, pipeline: Pipeline) => DelayStrategy;

export const policyOf = (...delaysMs: [number, ...number[]]): RetryPolicy => ({
  maxAttempts: 5,
  delaysMs,
  timeoutMs: 1_000,
});

/** The longest delay a strategy must be able to express: about 49 days. */
const LONGEST_MS = 2 ** 32 - 1;

/** What every delay strategy must do, whatever the broker. */
export function exercise(name: DelayStrategy['name'], make: MakeStrategy): void {
  describe(`${name}: a message that waits`, () => {
    let stage: Stage;

    beforeAll(async () => {
      stage = await openStage();
    });

    afterAll(() => stage.close());

    const prepared = async (...delaysMs: [number, ...number[]]) => {
      const pipeline = await freshPipeline(stage, (its) => make(stage.broker, its).topology(policyOf(...delaysMs)));
      return { pipeline, strategy: make(stage.broker, pipeline) };
    };

    it('comes back, and never before its delay', async () => {
      const { pipeline, strategy } = await prepared(400);
      const { seen, handler } = recorder();
      const consumer = consumeLane(stage.broker, pipeline, handler);
      const handedAt = performance.now();
      await strategy.hand(messages(300), 400);
      await vi.waitFor(() => {
        expect(seen.length).toBe(300);
      }, patient);
      await consumer.stop(60_000);
      const waits = seen.map(({ at }) => at - handedAt);
      expect(Math.min(...waits)).toBeGreaterThanOrEqual(400 - 1); // The broker's clock ticks in milliseconds.
    });

    it('never stands behind one that waits longer', async () => {
      const { pipeline, strategy } = await prepared(100, 600_000);
      const { seen, handler } = recorder();
      const consumer = consumeLane(stage.broker, pipeline, handler);
      await strategy.hand([messageOf(1)], 600_000);
      await strategy.hand([messageOf(2)], 100);
      await vi.waitFor(() => {
        expect(idsOf(seen)).toEqual(['m-2']);
      }, patient);
      await consumer.stop(60_000);
    });

    it('comes back to the lane it came from, with its id, type, bytes and headers', async () => {
      const { pipeline, strategy } = await prepared(50);
      const lanes = ['primary', 'secondary'].map((lane) => {
        const { seen, handler } = recorder();
        return { lane, seen, consumer: consumeLane(stage.broker, pipeline, handler, lane) };
      });
      await strategy.hand(
        lanes.flatMap(({ lane }) => messages(20, lane)),
        50,
      );
      for (const { lane, seen, consumer } of lanes) {
        await vi.waitFor(() => {
          expect(seen.length).toBe(20);
        }, patient);
        await consumer.stop(60_000);
        for (const sent of messages(20, lane)) {
          const arrived = seen.find(({ messageId }) => messageId === sent.messageId);
          expect(arrived).toMatchObject({ lane, type: sent.type, headers: sent.headers });
          expect(Buffer.compare(arrived?.body ?? Buffer.alloc(0), sent.body)).toBe(0);
        }
      }
    });

    it('is attempted exactly as often as it carries, 1 to 100 times, and each attempt knows its number', async () => {
      const { pipeline, strategy } = await prepared(10);
      const attempts = new Map<string, number[]>();
      const consumer = consumeLane(stage.broker, pipeline, async (batch) => {
        const failed = batch.filter((delivery) => {
          const { attempt, maxAttempts } = journeyOf(delivery);
          attempts.set(delivery.messageId ?? '', [...(attempts.get(delivery.messageId ?? '') ?? []), attempt]);
          return attempt < maxAttempts;
        });
        if (failed.length > 0) await strategy.hand(failed.map(nextAttempt), 10);
        return batch.map(() => ({ kind: 'ack' }));
      });
      const wanted = Array.from({ length: MAX_MAX_ATTEMPTS }, (_, index) => index + 1);
      await publish(
        stage,
        pipeline,
        wanted.map((maxAttempts) => messageOf(maxAttempts, 'primary', maxAttempts)),
      );
      await vi.waitFor(() => {
        expect([...attempts.values()].reduce((sum, { length }) => sum + length, 0)).toBe((100 * 101) / 2);
      }, patient);
      await consumer.stop(60_000);
      for (const maxAttempts of wanted) expect(attempts.get(`m-${maxAttempts}`)).toEqual(wanted.slice(0, maxAttempts));
      expect(await laneDepth(stage.broker, pipeline)).toBe(0);
    });

    it('arrives after the delay was changed', async () => {
      const { pipeline, strategy } = await prepared(700);
      const handedAt = performance.now();
      await strategy.hand(messages(10), 700);
      const changed = make(stage.broker, pipeline);
      await declare(stage, changed.topology(policyOf(60)));
      const { seen, handler } = recorder();
      const consumer = consumeLane(stage.broker, pipeline, handler);
      await changed.hand([messageOf(99)], 60);
      await vi.waitFor(() => {
        expect(idsOf(seen)).toEqual(idsOf([...messages(10), messageOf(99)]));
      }, patient);
      await consumer.stop(60_000);
      const waits = seen.filter(({ messageId }) => messageId !== 'm-99').map(({ at }) => at - handedAt);
      expect(Math.min(...waits)).toBeGreaterThanOrEqual(700 - 1);
    });

    it('is gone after a purge, for good, although everything is declared again', async () => {
      const { pipeline, strategy } = await prepared(500, 700);
      await strategy.hand(messages(10), 500);
      await purgePipeline(stage.broker, stage.management, pipeline);
      await declare(stage, strategy.topology(policyOf(500, 700)));
      await strategy.hand([messageOf(99)], 700);
      const { seen, handler } = recorder();
      const consumer = consumeLane(stage.broker, pipeline, handler);
      await vi.waitFor(() => {
        expect(idsOf(seen)).toContain('m-99');
      }, patient);
      await consumer.stop(60_000);
      expect(idsOf(seen)).toEqual(['m-99']);
    });

    it('is refused where its place to wait is not there, so that nothing is acked for it', async () => {
      const pipeline = await freshPipeline(stage);
      await expect(make(stage.broker, pipeline).hand(messages(3), 77)).rejects.toThrow();
    });

    it('may wait as long as the strategy says it can, and no longer', async () => {
      const { strategy } = await prepared(LONGEST_MS);
      expect(strategy.canExpress(policyOf(1, LONGEST_MS))).toBe(true);
      fc.assert(
        fc.property(fc.integer({ min: LONGEST_MS + 1, max: Number.MAX_SAFE_INTEGER }), (tooLong) => {
          const can = strategy.canExpress(policyOf(1, tooLong));
          expect(can === true ? 'it can' : can.why).toContain(String(tooLong));
        }),
      );
    });
  });

  exerciseCuts(name, make);
}

/** The same, over a connection that breaks. */
function exerciseCuts(name: DelayStrategy['name'], make: MakeStrategy): void {
  describe(`${name}: a hand-over on a connection that breaks`, () => {
    let stage: Stage;
    let proxy: Proxy;
    let fragile: Broker;

    beforeAll(async () => {
      stage = await openStage();
      proxy = await openProxy(stage.url);
      fragile = await connected(proxy.url);
    });

    afterAll(async () => {
      await fragile.close();
      await proxy.close();
      await stage.close();
    });

    const prepared = async () => {
      await fragile.untilConnected();
      const pipeline = await freshPipeline(stage, (its) => make(stage.broker, its).topology(policyOf(50)));
      return { pipeline, strategy: make(fragile, pipeline) };
    };

    it('is not done before the broker has confirmed it, even if the message is back already', async () => {
      const { pipeline, strategy } = await prepared();
      const { seen, handler } = recorder();
      const consumer = consumeLane(stage.broker, pipeline, handler);
      await strategy.hand([messageOf(1)], 50); // Its channel is open from here on.
      let done = false;
      proxy.holdAnswers();
      const handing = strategy.hand([messageOf(2)], 50).then(() => (done = true));
      await vi.waitFor(() => {
        expect(idsOf(seen)).toEqual(['m-1', 'm-2']);
      }, patient);
      expect(done).toBe(false);
      proxy.releaseAnswers();
      await handing;
      await consumer.stop(60_000);
    });

    it('fails when the connection is cut before the confirm, and the message is attempted again', async () => {
      const { pipeline, strategy } = await prepared();
      const seen: Delivery[] = [];
      let cuts = 0;
      const consumer = consumeLane(fragile, pipeline, async (batch) => {
        seen.push(...batch);
        const failed = batch.filter((delivery) => journeyOf(delivery).attempt === 1);
        if (failed.length > 0 && cuts === 0) proxy.holdAnswers();
        const handing = failed.length === 0 ? undefined : strategy.hand(failed.map(nextAttempt), 50);
        if (failed.length > 0 && cuts++ === 0) setImmediate(proxy.cut);
        await handing;
        return batch.map(() => ({ kind: 'ack' }));
      });
      await publish(stage, pipeline, messages(20));
      await settled(pipeline, seen, 20);
      await consumer.stop(60_000);
      expect(seen.filter(isAttempt(1)).length).toBeGreaterThan(20);
    });

    it('leaves two copies, never none, when the connection is cut between the confirm and the ack', async () => {
      const { pipeline, strategy } = await prepared();
      const seen: Delivery[] = [];
      let cuts = 0;
      const handler: BatchHandler = async (batch) => {
        seen.push(...batch);
        const failed = batch.filter((delivery) => journeyOf(delivery).attempt === 1);
        if (failed.length > 0) {
          await strategy.hand(failed.map(nextAttempt), 50);
          if (cuts++ === 0) proxy.cut();
        }
        return batch.map(() => ({ kind: 'ack' }));
      };
      const consumer = consumeLane(fragile, pipeline, handler);
      await publish(stage, pipeline, [messageOf(1)]);
      await vi.waitFor(() => {
        expect(seen.filter(isAttempt(2)).length).toBe(2);
      }, patient);
      await settled(pipeline, seen, 1);
      await consumer.stop(60_000);
      expect(seen.filter(isAttempt(1)).map(({ redelivered }) => redelivered)).toEqual([false, true]);
    });

    /** Every message came to its second attempt, and the lane is empty. */
    const settled = (pipeline: Pipeline, seen: readonly Delivery[], count: number) =>
      vi.waitFor(async () => {
        expect(idsOf(seen.filter(isAttempt(2)))).toHaveLength(count);
        expect(await laneDepth(stage.broker, pipeline)).toBe(0);
      }, patient);
  });
}

const isAttempt = (number: number) => (delivery: Delivery) => journeyOf(delivery).attempt === number;

/** Messages that wait in one strategy arrive although another one is in use now. */
export function exerciseChange(
  before: { name: DelayStrategy['name']; make: MakeStrategy },
  after: { name: DelayStrategy['name']; make: MakeStrategy },
): void {
  describe(`a change from ${before.name} to ${after.name}`, () => {
    it('lets what still waits arrive', async () => {
      const stage = await openStage();
      const pipeline = await freshPipeline(stage, (its) =>
        joined(...[before, after].map(({ make }) => make(stage.broker, its).topology(policyOf(300)))),
      );
      await before.make(stage.broker, pipeline).hand(messages(10), 300);
      await after.make(stage.broker, pipeline).hand([messageOf(99)], 300);
      const { seen, handler } = recorder();
      const consumer = consumeLane(stage.broker, pipeline, handler);
      await vi.waitFor(() => {
        expect(idsOf(seen)).toEqual(idsOf([...messages(10), messageOf(99)]));
      }, patient);
      await consumer.stop(60_000);
      await stage.close();
    });
  });
}
