import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { candidatesOf, idDigest, ownerOf } from '../src/domain/index.ts';

const schedulers = fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 12 });
const schedules = fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 100 });

const ownersOf = (scheduleIds: readonly string[], schedulerIds: readonly string[]): (string | null)[] => {
  const candidates = candidatesOf(schedulerIds);
  return scheduleIds.map((id) => ownerOf(idDigest(id), candidates));
};

describe('the owner of a schedule', () => {
  it('is one of the living schedulers, the same for whoever asks, in whatever order they are known', () => {
    fc.assert(
      fc.property(schedules, schedulers, fc.func(fc.integer()), (ids, living, key) => {
        const owners = ownersOf(ids, living);
        for (const owner of owners) expect(living).toContain(owner);
        const shuffled = [...living, ...living].sort((a, b) => key(a) - key(b));
        expect(ownersOf(ids, shuffled)).toEqual(owners);
      }),
    );
  });

  it('stays when a scheduler comes or goes, unless it is that one', () => {
    fc.assert(
      fc.property(schedules, schedulers, fc.uuid(), (ids, living, another) => {
        fc.pre(!living.includes(another));
        const without = ownersOf(ids, living);
        for (const [index, owner] of ownersOf(ids, [...living, another]).entries()) {
          if (owner !== another) expect(owner).toBe(without[index]);
        }
      }),
    );
  });

  it('is nobody while no scheduler lives', () => {
    expect(ownersOf(['f7c1'], [])).toEqual([null]);
  });

  it('stays what it was: releases that run side by side agree', () => {
    const living = ['host-a:1', 'host-b:2', 'host-c:3'];
    expect(ownersOf(['schedule-1', 'schedule-2', 'schedule-3', 'schedule-4'], living)).toMatchInlineSnapshot(`
      [
        "host-a:1",
        "host-a:1",
        "host-a:1",
        "host-c:3",
      ]
    `);
  });

  it('is any of ten schedulers equally often, and so is the heir of those of one that goes', () => {
    const ids = Array.from({ length: 100_000 }, (_, i) => `schedule-${i}`);
    const living = Array.from({ length: 10 }, (_, i) => `scheduler-${i}`);
    const counts = (owners: Iterable<string | null>) =>
      [...Map.groupBy(owners, (owner) => owner).values()].map((all) => all.length);
    const owners = ownersOf(ids, living);
    // Six standard deviations: 10,000 ± 569 of all; of those of one, 1,111 ± 189. The ids are the same in every run.
    for (const count of counts(owners)) expect(Math.abs(count - 10_000)).toBeLessThan(569);
    const orphans = ids.filter((_, index) => owners[index] === living[0]);
    const heirs = counts(ownersOf(orphans, living.slice(1)));
    expect(heirs).toHaveLength(9);
    for (const count of heirs) expect(Math.abs(count - orphans.length / 9)).toBeLessThan(189);
  });
});
