import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sharing } from '../src/sharing.ts';

/** A step that runs when it is told to, and remembers what it was asked. */
function stepByHand() {
  const runs: { readonly items: readonly number[]; readonly end: () => void; readonly fail: (why: Error) => void }[] =
    [];
  const step = sharing((items: readonly number[]) => {
    const { promise, resolve, reject } = Promise.withResolvers<string[]>();
    runs.push({
      items,
      end: () => {
        resolve(items.map((item) => `done ${item}`));
      },
      fail: reject,
    });
    return promise;
  });
  return { step, runs };
}

it('calls that come while one runs go together into the next, and each gets the answers to its own items', async () => {
  const { step, runs } = stepByHand();
  const first = step([1, 2]);
  await turn();
  const [second, third, none] = [step([3]), step([4, 5]), step([])];
  await turn();
  expect(runs.map(({ items }) => items)).toEqual([[1, 2]]);
  runs[0]?.end();
  expect(await first).toEqual(['done 1', 'done 2']);
  await turn();
  expect(runs.map(({ items }) => items)).toEqual([
    [1, 2],
    [3, 4, 5],
  ]);
  runs[1]?.end();
  expect(await Promise.all([second, third, none])).toEqual([['done 3'], ['done 4', 'done 5'], []]);
});

it('a call that comes alone waits for nobody', async () => {
  const { step, runs } = stepByHand();
  const call = step([1]);
  await turn();
  expect(runs).toHaveLength(1);
  runs[0]?.end();
  expect(await call).toEqual(['done 1']);
});

it('a failure is that of all calls in it, and of no other', async () => {
  const { step, runs } = stepByHand();
  const first = step([1]);
  await turn();
  const together = Promise.allSettled([step([2]), step([3])]);
  runs[0]?.end();
  await first;
  await turn();
  const last = step([4]);
  runs[1]?.fail(new Error('the server is away'));
  expect((await together).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await turn();
  runs[2]?.end();
  expect(await last).toEqual(['done 4']);
});

it('whatever comes whenever, each item is asked once and answered to whoever brought it', async () => {
  const calls = fc.array(fc.array(fc.nat(), { maxLength: 4 }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(calls, fc.scheduler(), async (all, scheduler) => {
      const asked: number[] = [];
      const step = sharing((items: readonly number[]) => {
        asked.push(...items);
        return scheduler.schedule(Promise.resolve(items.map((item) => item * 2)));
      });
      const answers = Promise.all(all.map((items) => step(items)));
      await scheduler.waitFor(answers);
      expect(await answers).toEqual(all.map((items) => items.map((item) => item * 2)));
      expect(asked).toHaveLength(all.flat().length);
    }),
  );
});
