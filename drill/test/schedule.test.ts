import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chanceOf } from '../src/chance.ts';
import { schedule, type Plan } from '../src/schedule.ts';
import { nextRelease } from '../src/load/pace.ts';
import { commits, planLoad } from '../src/load/parts.ts';

const names = (prefix: string, max: number) =>
  fc.integer({ min: 1, max }).map((n) => Array.from({ length: n }, (_, i) => `${prefix}-${i + 1}`));
const plans: fc.Arbitrary<Plan> = fc
  .record({
    kills: fc.integer({ min: 1, max: 25 }),
    outageMs: fc.integer({ min: 1, max: 60_000 }),
    leaseMs: fc.integer({ min: 1_000, max: 15_000 }),
    processes: names('process', 5),
    servers: names('server', 7),
  })
  .map((plan) => ({
    ...plan,
    links: plan.processes.flatMap((process) => plan.servers.map((server) => ({ process, server }))),
  }));
const seeds = fc.nat();

describe('the schedule of a drill', () => {
  it('is the same for the same seed', () => {
    fc.assert(
      fc.property(plans, seeds, (plan, seed) => {
        expect(schedule(plan, chanceOf(seed))).toEqual(schedule(plan, chanceOf(seed)));
      }),
    );
  });

  it('kills and stops each process as often as asked, once for longer than its lease', () => {
    fc.assert(
      fc.property(plans, seeds, (plan, seed) => {
        const faults = schedule(plan, chanceOf(seed)).flatMap(({ steps }) => steps.map(({ fault }) => fault));
        for (const process of plan.processes) {
          const kills = faults.filter((fault) => fault.kind === 'kill' && fault.process === process);
          const freezes = faults.flatMap((fault) =>
            fault.kind === 'freeze' && fault.process === process ? [fault.ms] : [],
          );
          expect([kills.length, freezes.length]).toEqual([plan.kills, plan.kills]);
          expect(Math.max(...freezes)).toBeGreaterThan(plan.leaseMs);
        }
      }),
    );
  });

  it('kills each server once, takes each out once for as long as asked, and breaks every link', () => {
    fc.assert(
      fc.property(plans, seeds, (plan, seed) => {
        const faults = schedule(plan, chanceOf(seed)).flatMap(({ steps }) => steps.map(({ fault }) => fault));
        const killed = faults.flatMap((fault) => (fault.kind === 'server-kill' ? [fault.server] : []));
        const out = faults.flatMap((fault) => (fault.kind === 'outage' ? [fault] : []));
        expect(killed.toSorted()).toEqual(plan.servers.toSorted());
        expect(out.map(({ server }) => server).toSorted()).toEqual(plan.servers.toSorted());
        expect(new Set(out.map(({ ms }) => ms))).toEqual(new Set([plan.outageMs]));
        const links = new Set(
          faults.flatMap((fault) =>
            fault.kind === 'cut' || fault.kind === 'hole' ? [JSON.stringify(fault.link)] : [],
          ),
        );
        expect(links.size).toBe(plan.links.length);
      }),
    );
  });
});

describe('the load of a drill', () => {
  it('commits as many orders as asked at least, in parts that are named apart', () => {
    const systems = ['system-1', 'system-2'] as const;
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000 }),
        fc.integer({ min: 1, max: 200 }),
        seeds,
        (orders, parts, seed) => {
          const planned = planLoad({ orders, parts, systems: [...systems] }, chanceOf(seed));
          const committed = planned.filter(({ way }) => commits(way)).reduce((sum, { rows }) => sum + rows, 0);
          expect(committed).toBe(orders);
          expect(new Set(planned.map(({ tag }) => tag)).size).toBe(planned.length);
        },
      ),
    );
  });

  const load = { orders: 20_000, ahead: 0.05 };

  it('lasts as long as the faults, and all of it comes in when they have passed', () => {
    expect(nextRelease({ partsReleased: 0.2, faultsPassed: 0.3, backlog: 100, ...load })).toBe('part');
    expect(nextRelease({ partsReleased: 0.2, faultsPassed: 0.3, backlog: 5_000, ...load })).toBe('wait');
    expect(nextRelease({ partsReleased: 0.4, faultsPassed: 0.3, backlog: 100, ...load })).toBe('wait');
    expect(nextRelease({ partsReleased: 0.4, faultsPassed: 1, backlog: 5_000, ...load })).toBe('part');
    expect(nextRelease({ partsReleased: 1, faultsPassed: 1, backlog: 0, ...load })).toBe('wait');
  });

  it('never leaves the faults without work to hit', () => {
    expect(nextRelease({ partsReleased: 0.4, faultsPassed: 0.3, backlog: 3, ...load })).toBe('few rows');
    expect(nextRelease({ partsReleased: 1, faultsPassed: 0.9, backlog: 0, ...load })).toBe('few rows');
  });
});
