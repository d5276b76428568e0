import { patient } from '@esteira/tests/patience';
import { expect, it, onTestFinished, vi } from 'vitest';
import { openWorld } from './support/world.ts';

const scales = { name: 'scales', handle: () => ({ kind: 'succeeded' }) as const };

it('a consumer stops though its database and its virtual host are gone, and messages of it run', async () => {
  const world = await openWorld();
  let begun = 0;
  const consumer = await world.start({
    name: 'endless',
    handle: () => {
      begun += 1;
      return new Promise(() => undefined);
    },
  });
  await world.publish(4);
  await vi.waitFor(() => {
    expect(begun).toBe(4);
  }, patient);
  await world.close();
  await consumer.stop(0);
});

it('a consumer stops before the time of a statement is over that hangs on a lock', async () => {
  const world = await openWorld();
  onTestFinished(() => world.close());
  const consumer = await world.start(scales);
  const { promise: isLocked, resolve: locked } = Promise.withResolvers<undefined>();
  const { promise: gate, resolve: unlock } = Promise.withResolvers<undefined>();
  const lock = world.endput.transaction(async (sql) => {
    await sql.query('LOCK TABLE parcels IN ACCESS EXCLUSIVE MODE');
    locked(undefined);
    await gate;
  });
  await isLocked;
  // It begins before the consumer's, so it runs out of time before that.
  const statement = world.endput.query('SELECT 1 FROM parcels').then(
    () => 'the statement was answered',
    () => 'the statement ran out of time',
  );
  await world.publish(1);
  await vi.waitFor(async () => {
    const waiting = await world.endput.query(
      "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
    );
    expect(waiting).toHaveLength(2);
  }, patient);
  expect(await Promise.race([consumer.stop(0).then(() => 'stopped'), statement])).toBe('stopped');
  unlock(undefined);
  await Promise.all([lock, statement]);
});
