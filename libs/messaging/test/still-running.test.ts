import { expect, it } from 'vitest';
import { StillRunning } from '../src/still-running.ts';

it('what still runs tells only the newest session of its end, however many came and went meanwhile', async () => {
  const stillRunning = new StillRunning();
  const { promise: run, resolve: end } = Promise.withResolvers<undefined>();
  stillRunning.add(
    run.then(() => undefined),
    'a',
  );
  const told: number[] = [];
  for (let session = 1; session <= 1_000; session += 1) {
    stillRunning.afterEach(() => told.push(session));
  }
  end(undefined);
  await stillRunning.copyOf('a');
  expect(told).toEqual([1_000]);
  expect(stillRunning.size).toBe(0);
});
