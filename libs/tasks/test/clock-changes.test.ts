import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cron } from 'croner';
import { describe, expect, it } from 'vitest';
import {
  clockChangesTable,
  FOLDS,
  GAPS,
  localTimes,
  slotsAround,
  type ClockChange,
} from '../../../scripts/docs/clock-changes.ts';
import { HOUR } from './recurrences.ts';

const MINUTE = 60_000;
const hourOf = ({ timezone, at }: ClockChange): number => Number(localTimes(timezone, [at]).slice(0, 2));
const minutesFrom = ({ at }: ClockChange, slots: readonly number[]) => slots.map((slot) => (slot - at) / MINUTE);

describe('the slots of crons around changes of clocks', () => {
  it('are those of the table in docs/schedules.md', () => {
    const document = readFileSync(join(import.meta.dirname, '../../../docs/schedules.md'), 'utf8');
    expect(document).toContain(`made by make docs -->\n\n${clockChangesTable()}\n\n<!--`);
  });
});

describe.each(GAPS)('in the hour that $timezone left out ($when)', (gap) => {
  it('runs a daily time once, at the end of the hour', () => {
    expect(slotsAround(gap, `30 ${gap.hour} * * *`)).toEqual([gap.at]);
    expect(hourOf(gap)).toBe(gap.hour + 1);
  });

  it('runs a list of times once, where croner by itself would not run it', () => {
    expect(slotsAround(gap, `0,30 ${gap.hour} * * *`)).toEqual([gap.at]);
    expect(byDefault(gap, `0,30 ${gap.hour} * * *`)).toEqual([]);
  });

  it('runs no repeating time', () => {
    expect(slotsAround(gap, `*/10 ${gap.hour} * * *`)).toEqual([]);
  });

  it('runs an hourly one each hour of real time', () => {
    expect(minutesFrom(gap, slotsAround(gap, '0 * * * *'))).toEqual([-120, -60, 0, 60]);
  });

  it('runs a day that begins at midnight once', () => {
    const slots = slotsAround(gap, '0 0 * * *');
    expect(slots).toEqual([gap.at - gap.hour * HOUR]);
  });
});

describe.each(FOLDS)('in the hour that came twice in $timezone ($when)', (fold) => {
  it('runs a daily time once, in the first pass', () => {
    expect(minutesFrom(fold, slotsAround(fold, `30 ${fold.hour} * * *`))).toEqual([-30]);
    expect(hourOf(fold)).toBe(fold.hour);
  });

  it('runs a list of times once each, where croner by itself would run it four times', () => {
    expect(minutesFrom(fold, slotsAround(fold, `0,30 ${fold.hour} * * *`))).toEqual([-60, -30]);
    expect(minutesFrom(fold, byDefault(fold, `0,30 ${fold.hour} * * *`))).toEqual([-60, -30, 0, 30]);
  });

  it('runs a repeating time in both passes', () => {
    expect(minutesFrom(fold, slotsAround(fold, `*/10 ${fold.hour} * * *`))).toEqual(
      Array.from({ length: 12 }, (_, i) => i * 10 - 60),
    );
  });

  it('runs an hourly one each hour of real time', () => {
    expect(minutesFrom(fold, slotsAround(fold, '0 * * * *'))).toEqual([-120, -60, 0, 60]);
  });

  it('runs a day that begins at midnight once', () => {
    expect(slotsAround(fold, '0 0 * * *')).toHaveLength(1);
  });
});

/** The same by croner as it is without an option of ours. */
function byDefault({ timezone, at }: ClockChange, cron: string): number[] {
  const slots = new Cron(cron, { timezone }).nextRuns(100, new Date(at - 12 * HOUR - 1));
  return slots.map((slot) => slot.getTime()).filter((slot) => slot < at + 12 * HOUR);
}
