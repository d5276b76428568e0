import { expect, it } from 'vitest';
import type { Point } from '../src/api/answers.ts';
import { withPoint } from '../src/api/points.ts';

const pointAt = (seconds: number) => ({ at: new Date(Date.UTC(2026, 0, 1) + seconds * 1_000).toISOString() }) as Point;
const series = (...seconds: number[]) => ({ every_seconds: 5, points: seconds.map(pointAt) });

it('a chart takes the point that the stream tells', () => {
  expect(withPoint(series(0), pointAt(5))).toEqual(series(0, 5));
});

it('a chart takes a point once, however it came', () => {
  expect(withPoint(series(0, 5), pointAt(5))).toEqual(series(0, 5));
});

it('a chart ends with what is now, and keeps a point of every 5 seconds', () => {
  let chart = series(0, 5);
  for (const second of [6, 7, 8, 9]) chart = withPoint(chart, pointAt(second));
  expect(chart).toEqual(series(0, 5, 9));
  for (const second of [10, 11, 12]) chart = withPoint(chart, pointAt(second));
  expect(chart).toEqual(series(0, 5, 10, 12));
});

it('a chart forgets what is older than 15 minutes', () => {
  expect(withPoint(series(0, 100), pointAt(950))).toEqual(series(100, 950));
});
