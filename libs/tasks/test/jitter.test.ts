import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jitterMs, runAtOf } from '../src/domain/index.ts';
import { nearAChange } from './recurrences.ts';

describe('the jitter of a slot', () => {
  it('is the same whoever asks, and at most jitterSeconds', () => {
    fc.assert(
      fc.property(fc.uuid(), nearAChange, fc.nat(86_400), (scheduleId, slot, jitterSeconds) => {
        const jitter = jitterMs(scheduleId, slot, jitterSeconds);
        expect(Number.isInteger(jitter)).toBe(true);
        expect(jitter).toBeGreaterThanOrEqual(0);
        expect(jitter).toBeLessThanOrEqual(jitterSeconds * 1_000);
        expect(runAtOf(scheduleId, slot, jitterSeconds)).toBe(slot + jitter);
        expect(jitterMs(scheduleId, slot, jitterSeconds)).toBe(jitter);
      }),
    );
  });

  it('is none where none is asked for', () => {
    expect(runAtOf('f7c1', 1_000, 0)).toBe(1_000);
  });

  it('stays what it was: releases that run side by side agree', () => {
    expect(jitterMs('00000000-0000-4000-8000-000000000001', 1_795_996_800_000, 60)).toMatchInlineSnapshot(`127`);
  });

  it('is uniform, over the slots of one schedule and over schedules at one slot', () => {
    const slots = Array.from({ length: 20_000 }, (_, i) => jitterMs('f7c1', i * 5_000, 10));
    const schedules = Array.from({ length: 20_000 }, (_, i) => jitterMs(`schedule-${i}`, 0, 10));
    for (const jitters of [slots, schedules]) {
      const tenths = Array.from(
        { length: 10 },
        (_, i) => jitters.filter((ms) => Math.floor(ms / 1_000.1) === i).length,
      );
      // 2,000 in each; six standard deviations are 255. What is drawn is the same in every run.
      for (const count of tenths) expect(Math.abs(count - 2_000)).toBeLessThan(255);
    }
  });
});
