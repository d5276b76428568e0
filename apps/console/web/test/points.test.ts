import { expect, it } from 'vitest';
import type { Overview, Point } from '../src/api/answers.ts';
import { withPoint } from '../src/api/points.ts';

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1_000).toISOString();
const rates = { succeeded: 1, retry: 0, 'dead-letter': 0, skip: 0, return: 0 };
const overview = (seconds: number) =>
  ({
    at: at(seconds),
    systems: [{ name: 'system-1', behind: null, published_per_second: 5 }],
    queues: { lanes: [{ ready: 2 }, { ready: 3 }], waiting: [{ messages: 4 }] },
    dead_letters: { open: 1 },
    attempts: { per_second: rates },
    row_to_rest: { p50_ms: 7, p99_ms: null },
    consumers: [{ state: 'working' }, { state: 'down' }],
  }) as unknown as Overview;
const series = (...seconds: number[]) => ({
  every_seconds: 5,
  points: seconds.map((second) => ({ at: at(second) }) as Point),
});

it('a chart takes what the stream tells, no denser than the server keeps it', () => {
  expect(withPoint(series(0), overview(4)).points).toHaveLength(1);
  expect(withPoint(series(0), overview(5)).points).toHaveLength(2);
});

it('a chart forgets what is older than 15 minutes', () => {
  expect(withPoint(series(0, 100), overview(950)).points.map((point) => point.at)).toEqual([at(100), at(950)]);
});

it('a point sums up the queues, and what is not known stays unknown', () => {
  expect(withPoint(series(), overview(0)).points).toEqual([
    {
      at: at(0),
      systems: { 'system-1': { behind: null, published_per_second: 5 } },
      attempts: rates,
      ready: 5,
      waiting: 4,
      dead_letters: 1,
      p50_ms: 7,
      p99_ms: null,
      consumers_up: 1,
    },
  ]);
});
