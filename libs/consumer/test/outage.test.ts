import { consume, names, type Delivery } from '@esteira/messaging';
import { patient } from '@esteira/tests/patience';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { redeliveriesOf } from '../../messaging/test/support/redeliveries.ts';
import { parcelsPipeline } from './support/parcels.ts';
import { logger, openWorld, type World } from './support/world.ts';

let world: World;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

/** What waits in the lane, looked at and given back. */
async function waiting(count: number): Promise<Delivery[]> {
  const seen: Delivery[] = [];
  const looking = consume(world.broker, {
    ...{ queue: names.lane(parcelsPipeline, 'express'), mode: 'each', logger },
    ...{ prefetch: count, batchSize: 1, batchesInFlight: count },
    keyOf: ({ tag }) => String(tag),
    handler: ([delivery]) => {
      seen.push(delivery!);
      return new Promise(() => undefined);
    },
  });
  await vi.waitFor(() => {
    expect(seen).toHaveLength(count);
  }, patient);
  await looking.stop(0);
  return seen;
}

it('while the store is away two messages at a time find that out, the others wait; then each is stored once', async () => {
  const redeliveries = redeliveriesOf(parcelsPipeline);
  let handled = 0;
  const scales = {
    name: 'scales',
    handle: () => {
      handled += 1;
      return { kind: 'succeeded' as const };
    },
  };
  const first = await world.start(scales, { prefetch: 20, settings: { RABBITMQ_CONSUMER_TIMEOUT_MS: 3_600_000 } });
  onTestFinished(() => first.stop(0));
  await world.endput.query('ALTER TABLE parcels RENAME TO away');
  await world.publish(30);
  await vi.waitFor(() => {
    expect(handled).toBeGreaterThanOrEqual(12);
  }, patient);
  await first.stop(60_000);
  // Those that were tried came again, and hardly any beside them, where it had held twenty when it began.
  const again = redeliveries();
  expect(again).toBeGreaterThan(0);
  expect(again).toBeLessThanOrEqual(handled + 4);
  // What waited behind them has not moved.
  expect((await waiting(30)).filter(({ redelivered }) => redelivered).length).toBeLessThanOrEqual(20);
  const second = await world.start(scales);
  onTestFinished(() => second.stop(0));
  await world.endput.query('ALTER TABLE away RENAME TO parcels');
  await vi.waitFor(async () => {
    expect((await world.stored()).size).toBe(30);
  }, patient);
  // The outage spent no attempt.
  expect(new Set((await world.stored()).values())).toEqual(new Set([1]));
  expect(await world.endput.query('SELECT reason FROM dead_letters')).toEqual([]);
});
