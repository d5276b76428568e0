import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ExclusiveLock } from '../src/exclusive-lock.ts';
import { BESIDE_BUDGET, CRASH_BUDGET, nextSuspect, suspicionOf } from '../src/suspicion.ts';

const crashes = fc.record({ alone: fc.nat(CRASH_BUDGET), beside: fc.nat(BESIDE_BUDGET) });
const suspects = fc.array(crashes, { minLength: 1, maxLength: 10 });
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

it('the next to be alone is one of those with the most crashes, whatever chance says', () => {
  fc.assert(
    fc.property(suspects, chance, (all, drawn) => {
      const next = suspicionOf(all[nextSuspect(all, drawn)]!);
      for (const one of all) expect(suspicionOf(one)).toBeLessThanOrEqual(next);
    }),
  );
});

it('among equals each is next for an equal share of chance', () => {
  fc.assert(
    fc.property(crashes, fc.integer({ min: 1, max: 10 }), (one, count) => {
      const equals = Array.from({ length: count }, () => one);
      const drawn = equals.map((_, index) => nextSuspect(equals, (index + 0.5) / count));
      expect(drawn).toEqual(equals.map((_, index) => index));
    }),
  );
});

it('a crash beside others counts for a fifth of one alone', () => {
  expect(suspicionOf({ alone: 1, beside: 0 })).toBe(suspicionOf({ alone: 0, beside: 5 }));
});

it('of those who wait to be alone the most suspect always begins first', async () => {
  await fc.assert(
    fc.asyncProperty(suspects, chance, async (all, drawn) => {
      const lock = new ExclusiveLock(Number.POSITIVE_INFINITY, () => drawn);
      const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
      const first = lock.exclusive(() => gate);
      const begun: number[] = [];
      const runs = all.map((one) =>
        lock.exclusive(
          () => Promise.resolve(begun.push(suspicionOf(one))),
          () => Promise.resolve(),
          one,
        ),
      );
      open(undefined);
      await Promise.all([first, ...runs]);
      expect(begun).toEqual(all.map(suspicionOf).sort((one, other) => other - one));
    }),
  );
});
