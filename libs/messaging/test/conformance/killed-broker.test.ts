import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { laneDepth, names, waitQueueStrategy, type Delivery } from '../../src/index.ts';
import { control } from '../support/running-broker.ts';
import {
  consumeLane,
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
import { policyOf } from './exercise.ts';

const ask = (what: string) => fetch(`${control ?? ''}/${what}`, { method: 'POST' });

async function tell(command: 'kill' | 'start'): Promise<void> {
  const response = await ask(command);
  if (!response.ok) throw new Error(`The broker did not ${command}: ${await response.text()}`);
}

/** kill -9, then a start on the same data. */
async function killAndStart(): Promise<void> {
  await tell('kill');
  await tell('start');
}

describe.skipIf(control === undefined)('a broker that is killed (kill -9)', () => {
  let stage: Stage;

  // A virtual host of its own for each test: no name is ever used again around a kill.
  beforeEach(async () => {
    stage = await openStage();
  });

  afterEach(() => stage.close());

  /** A pipeline whose queues would survive. */
  const prepared = async (delayMs: number) => {
    const pipeline = await freshPipeline(stage, (its) =>
      waitQueueStrategy(stage.broker, its).topology(policyOf(delayMs)),
    );
    for (const queue of [names.lane(pipeline, 'primary'), names.waitQueue(pipeline, delayMs)]) {
      await vi.waitFor(async () => {
        expect((await ask(`on-disc/${encodeURIComponent(queue)}`)).status).toBe(204);
      }, patient);
    }
    return { pipeline, strategy: waitQueueStrategy(stage.broker, pipeline) };
  };

  it('loses none of the messages that wait, nor of those that came due while it was down', async () => {
    const { pipeline, strategy } = await prepared(1_500);
    await strategy.hand(messages(2_000), 1_500);
    await killAndStart();
    await stage.broker.untilConnected();
    const { seen, handler } = recorder();
    const consumer = consumeLane(stage.broker, pipeline, handler);
    await vi.waitFor(() => {
      expect(idsOf(seen)).toHaveLength(2_000);
    }, patient);
    await consumer.stop(60_000);
  });

  it('loses none of the messages that are just expiring', async () => {
    const { pipeline, strategy } = await prepared(200);
    const { seen, handler } = recorder();
    const consumer = consumeLane(stage.broker, pipeline, handler);
    const handing = Array.from({ length: 10 }, (_, batch) =>
      strategy.hand(
        Array.from({ length: 500 }, (__, index) => messageOf(batch * 500 + index)),
        200,
      ),
    );
    await Promise.all(handing);
    await vi.waitFor(() => {
      expect(seen.length).toBeGreaterThan(100);
    }, patient);
    await killAndStart();
    await vi.waitFor(() => {
      expect(idsOf(seen)).toHaveLength(5_000);
    }, patient);
    await consumer.stop(60_000);
  });

  it('has every message whose hand-over was confirmed, and fails the hand-overs it can not confirm', async () => {
    const { pipeline, strategy } = await prepared(300);
    const { seen, handler } = recorder();
    const consumer = consumeLane(stage.broker, pipeline, handler);
    const confirmed: string[] = [];
    let refused = 0;
    let killing: Promise<void> | undefined;
    for (let batch = 0; killing === undefined || refused === 0; batch += 1) {
      const handed = Array.from({ length: 50 }, (_, index) => messageOf(batch * 50 + index));
      try {
        await strategy.hand(handed, 300);
        confirmed.push(...handed.map(({ messageId }) => messageId));
      } catch {
        refused += 1;
      }
      if (batch === 20) killing = killAndStart();
    }
    await killing;
    await vi.waitFor(() => {
      const arrived = new Set(idsOf(seen));
      expect(confirmed.filter((id) => !arrived.has(id))).toEqual([]);
    }, patient);
    await consumer.stop(60_000);
  });

  it('brings every message to its last attempt, killed twice in the middle of the work', async () => {
    const { pipeline, strategy } = await prepared(100);
    const attempts = new Map<string, Set<number>>();
    const consumer = consumeLane(stage.broker, pipeline, async (batch) => {
      const failed: Delivery[] = [];
      for (const delivery of batch) {
        const { attempt, maxAttempts } = journeyOf(delivery);
        const id = delivery.messageId ?? '';
        attempts.set(id, (attempts.get(id) ?? new Set()).add(attempt));
        if (attempt < maxAttempts) failed.push(delivery);
      }
      if (failed.length > 0) await strategy.hand(failed.map(nextAttempt), 100);
      return batch.map(() => ({ kind: 'ack' }));
    });
    const sent = Array.from({ length: 600 }, (_, index) => messageOf(index, 'primary', 1 + (index % 10)));
    await publish(stage, pipeline, sent);
    const made = () => [...attempts.values()].reduce((sum, { size }) => sum + size, 0);
    for (const progress of [900, 2_000]) {
      await vi.waitFor(() => {
        expect(made()).toBeGreaterThan(progress);
      }, patient);
      await killAndStart();
    }
    await vi.waitFor(async () => {
      expect(made()).toBe(60 * (1 + 2 + 3 + 4 + 5 + 6 + 7 + 8 + 9 + 10));
      expect(await laneDepth(stage.broker, pipeline)).toBe(0);
    }, patient);
    await consumer.stop(60_000);
  });
});
