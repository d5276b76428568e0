import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createPublisher, names, readyNow } from '@esteira/messaging';
import { createMetrics } from '@esteira/observability';
import type { Handler, HandlerOutcome } from '@esteira/pipeline';
import { patient } from '@esteira/tests/patience';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { parcelMessage, parcelsPipeline, type Parcel } from './support/parcels.ts';
import { openWorld, type World } from './support/world.ts';

let world: World;
beforeAll(async () => (world = await openWorld()));
afterAll(() => world.close());

it('a lane that is handled each by itself goes on beside a message that runs for long, retries and deaths too', async () => {
  const slow = Promise.withResolvers<HandlerOutcome>();
  const begun: number[] = [];
  const metrics = createMetrics({});
  const handler: Handler<Parcel> = {
    name: 'scales',
    handle: ({ weight }, { attempt }) => {
      begun.push(weight);
      if (weight === 1) return slow.promise;
      const error = { code: 'unstable', message: 'The scales move.' };
      if (weight === 2) return { kind: 'dead-letter', error };
      if ((weight === 3 || weight === 30) && attempt.attempt < 3) return { kind: 'retry', error };
      return { kind: 'succeeded' };
    },
  };
  const consumer = await world.start(handler, { metrics });
  const publish = createPublisher(world.broker, {
    exchange: names.exchange(parcelsPipeline),
    mandatory: true,
    appId: 't',
  });
  const all = Array.from({ length: 30 }, (_, index) => ({ id: index + 1, weight: index + 1 }));
  await publish(all.map((parcel) => parcelMessage(parcel, parcel.weight > 25 ? 'bulk' : 'express')));
  await vi.waitFor(async () => {
    expect((await world.stored()).size).toBe(28);
    expect(await world.endput.query('SELECT reason FROM dead_letters')).toHaveLength(1);
  }, patient);
  expect([(await world.stored()).get(3), (await world.stored()).get(30)]).toEqual([3, 3]);
  // Each lane has its own waits.
  const waits = [50, 100].map((delayMs) => names.waitQueue(parcelsPipeline, delayMs));
  expect([...(await readyNow(world.broker, waits)).keys()]).toEqual(waits);
  expect(begun.filter((weight) => weight === 1)).toHaveLength(1);
  // Each lane tells of itself.
  const page = await metrics.metrics();
  expect(page).toContain('esteira_lane_messages{pipeline="parcels",lane="express"} 0');
  expect(page).toContain('esteira_lane_oldest_seconds{pipeline="parcels",lane="bulk"} 0');
  expect(page).toContain('esteira_wait_seconds_count{pipeline="parcels",lane="bulk"} 5');
  // All but the one that runs are acked: it alone is left when it is given back.
  await consumer.stop(0);
  await vi.waitFor(async () => {
    const queues = [names.lane(parcelsPipeline, 'express'), names.lane(parcelsPipeline, 'bulk')];
    const left = await readyNow(world.broker, queues);
    expect([...left.values()].map(({ ready }) => ready)).toEqual([1, 0]);
  }, patient);
  const next = await world.start({ name: 'scales', handle: () => ({ kind: 'succeeded' }) });
  await vi.waitFor(async () => {
    // The stop spent no attempt of it.
    expect((await world.stored()).get(1)).toBe(1);
  }, patient);
  await next.stop(60_000);
});

it('a message that ends its consumer is found in such a lane too: it alone is given up, and all others are stored', async () => {
  const first = await world.start({ name: 'scales', handle: () => ({ kind: 'succeeded' }) });
  await first.stop(60_000);
  await world.endput.query('TRUNCATE parcels, dead_letters');
  const publish = createPublisher(world.broker, {
    exchange: names.exchange(parcelsPipeline),
    mandatory: true,
    appId: 't',
  });
  const all = Array.from({ length: 30 }, (_, index) => ({ id: 100 + index, weight: index + 1 }));
  await publish(all.map((parcel) => parcelMessage(parcel, 'express')));
  const deaths = () =>
    world.endput.query<{ reason: string; attempts: unknown[] }>('SELECT reason, attempts FROM dead_letters');
  let isOver = false;
  while (!isOver) {
    const main = join(import.meta.dirname, 'support/deadly-parcels.ts');
    const child = spawn(process.execPath, [main, JSON.stringify(world.settings)], { stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    const ended = once(child, 'exit').then(() => false);
    const rest = async () => {
      await vi.waitFor(async () => {
        expect([(await world.stored()).size, (await deaths()).length]).toEqual([29, 1]);
      }, patient);
      return true;
    };
    isOver = await Promise.race([ended, rest().catch(() => ended)]);
    if (isOver) child.kill('SIGKILL');
    await ended;
  }
  expect(await deaths()).toEqual([{ reason: 'crashed-consumer', attempts: [] }]);
  expect((await world.stored()).has(13)).toBe(false);
});
