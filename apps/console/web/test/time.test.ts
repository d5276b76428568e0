import { describe, expect, it } from 'vitest';
import { ago, duration, shortTime, utcTime } from '../src/format/time.ts';

const now = new Date(2026, 4, 20, 12, 0, 0);

describe('times', () => {
  it('are as short as they are clear', () => {
    expect(shortTime(new Date(2026, 4, 20, 9, 5, 7).toISOString(), now)).toBe('09:05:07');
    expect(shortTime(new Date(2026, 0, 2, 9, 5, 7).toISOString(), now)).toBe('2 Jan, 09:05:07');
    expect(shortTime(new Date(1997, 0, 2, 9, 5, 7).toISOString(), now)).toBe('2 Jan 1997, 09:05:07');
  });

  it('keep their microseconds in UTC', () => {
    expect(utcTime('2026-05-20T10:00:00.123456+02:00')).toBe('2026-05-20 08:00:00.123456 UTC');
    expect(utcTime('2026-05-20T08:00:00Z')).toBe('2026-05-20 08:00:00 UTC');
  });

  it('that nobody can read are shown as they are', () => {
    expect([shortTime('soon', now), utcTime('soon'), ago('soon', now)]).toEqual(['soon', 'soon', 'soon']);
  });

  it('are not in the future because a clock is ahead', () => {
    expect(ago(new Date(now.getTime() + 5_000).toISOString(), now)).toBe('just now');
    expect(ago(new Date(now.getTime() - 65_000).toISOString(), now)).toBe('1 min 5 s ago');
  });
});

describe('durations', () => {
  it('have two units at most', () => {
    expect([0.42, 230, 1_500, 59_400, 60_000, 7_800_000, 349_200_000].map(duration)).toEqual([
      '0.42 ms',
      '230 ms',
      '1.5 s',
      '59 s',
      '1 min',
      '2 h 10 min',
      '4 d 1 h',
    ]);
  });
});
