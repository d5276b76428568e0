import fc from 'fast-check';
import type { Schedule } from '@esteira/tasks/domain';
import { describe, expect, it } from 'vitest';
import { Plan } from '../src/plan.ts';

const planOf = () => {
  const unreadable: string[] = [];
  return Object.assign(new Plan(({ scheduleId }) => unreadable.push(scheduleId)), { unreadable });
};

const START = Date.UTC(2026, 0, 1);
const schedule = (of: Partial<Schedule> = {}): Schedule =>
  ({
    ...{
      scheduleId: 'a',
      name: 'site',
      type: 'simulated',
      payload: {},
      intervalSeconds: 5,
      cron: null,
      timezone: null,
    },
    ...{ startsAt: START, endsAt: null, misfire: 'all', overlap: 'allow', jitterSeconds: 0, maxAttempts: 3 },
    ...{ timeoutMs: 1_000, pausedAt: null, lastSlot: null, version: 1, ...of },
  }) as Schedule;

/** Fires what is due at these times, and gives the slots. */
function firedAt(plan: Plan, times: readonly number[]): number[] {
  return times.flatMap((now) =>
    plan.takeDue(now, 100, 5_000).flatMap((due) => {
      plan.moveOn(due, due.slots.decidedUpTo);
      return [...due.slots.fire];
    }),
  );
}

describe('the plan of a scheduler', () => {
  it('fires each slot once, at whatever times it is looked at, jitter included', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 30_000 }), { maxLength: 30 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 0, max: 4 }), (waits, jitterSeconds) => {
        const plan = planOf();
        plan.put(schedule({ jitterSeconds }));
        let now = START;
        const times = waits.map((wait) => (now += wait));
        const fired = firedAt(plan, times);
        expect(fired).toEqual(fired.map((_, index) => START + index * 5_000));
        const last = times.at(-1) ?? 0;
        const least = Math.floor((last - jitterSeconds * 1_000 - START) / 5_000) + 1;
        if (times.length > 0) expect(fired.length).toBeGreaterThanOrEqual(Math.max(0, least));
        expect(Math.max(...fired, 0)).toBeLessThanOrEqual(last);
      }),
    );
  });

  it('fires nothing of a schedule that is paused, has ended, or was removed', () => {
    const plan = planOf();
    plan.put(schedule({ scheduleId: 'paused', pausedAt: START }));
    plan.put(schedule({ scheduleId: 'over', endsAt: START }));
    plan.put(schedule({ scheduleId: 'gone' }));
    plan.remove('gone');
    expect([plan.nextAt(), firedAt(plan, [START + 60_000])]).toEqual([null, []]);
    plan.put(schedule({ scheduleId: 'paused', version: 2 }));
    expect(plan.nextAt()).toBe(START);
  });

  it('lets what was read anew while a tick went on win over what the tick knows', () => {
    const plan = planOf();
    plan.put(schedule());
    const [due] = plan.takeDue(START, 1, 5_000);
    if (due === undefined) throw new Error('Nothing was due.');
    plan.put(schedule({ version: 2, intervalSeconds: 7, lastSlot: START }));
    plan.moveOn(due, START);
    expect(plan.nextAt()).toBe(START + 7_000);
    const [next] = plan.takeDue(START + 7_000, 1, 5_000);
    if (next === undefined) throw new Error('Nothing was due.');
    plan.remove('a');
    plan.putBack([next]);
    expect([plan.size, plan.nextAt()]).toEqual([0, null]);
  });

  it('has again what could not be fired', () => {
    const plan = planOf();
    plan.put(schedule());
    plan.putBack(plan.takeDue(START + 5_000, 1, 5_000));
    expect(firedAt(plan, [START + 5_000])).toEqual([START, START + 5_000]);
  });

  it('goes on with all others where nobody can read the cron of one, and says of which', () => {
    const plan = planOf();
    plan.put(schedule({ scheduleId: 'odd', intervalSeconds: null, cron: 'whenever', timezone: 'UTC' }));
    plan.put(schedule({ scheduleId: 'good' }));
    expect([plan.unreadable, plan.nextAt()]).toEqual([['odd'], START]);
  });

  it('takes no more slots at once than it is asked for, about, and leaves the others due', () => {
    const plan = planOf();
    for (const scheduleId of ['a', 'b', 'c']) plan.put(schedule({ scheduleId }));
    const due = plan.takeDue(START + 50_000, 100, 12);
    expect(due.map(({ slots }) => slots.fire.length)).toEqual([11, 11]);
    expect(plan.nextAt()).toBe(START);
  });
});
