import { expect, it } from 'vitest';
import type { Overview } from '../src/overview/schema.ts';
import { pointOf, Series } from '../src/overview/series.ts';

const fresh = { as_of: '2026-01-01T00:00:00.000Z', error: null };
const rates = { succeeded: 1, retry: 0, 'dead-letter': 0, skip: 0, return: 0 };
const overview = {
  pipeline: 'orders',
  at: '2026-01-01T00:00:00.000Z',
  systems: [{ name: 'system-1', behind: { rows: 6, more: false }, published_per_second: 5, error: null }],
  queues: { lanes: [{ ready: 2 }, { ready: 3 }], waiting: [{ messages: 4 }], ...fresh },
  dead_letters: { open: 1, ...fresh },
  attempts: { per_second: rates },
  row_to_rest: { p50_ms: 7, p99_ms: null, ...fresh },
  consumers: [{ state: 'working' }, { state: 'down' }],
} as unknown as Overview;
const point = {
  pipeline: 'orders',
  at: overview.at,
  systems: { 'system-1': { behind: 6, published_per_second: 5 } },
  attempts: rates,
  ready: 5,
  waiting: 4,
  dead_letters: 1,
  p50_ms: 7,
  p99_ms: null,
  consumers_up: 1,
};

it('a point of the charts sums up the queues, and counts the consumers that are up', () => {
  expect(pointOf(overview)).toEqual(point);
});

it('a point of the charts does not take the last answer of a server that is away for one of now', () => {
  const away = { error: 'connect ECONNREFUSED' };
  const { queues, dead_letters, systems } = overview;
  expect(
    pointOf({
      ...overview,
      queues: { ...queues, ...away },
      dead_letters: { ...dead_letters, ...away },
      systems: systems.map((system) => ({ ...system, ...away })),
    }),
  ).toEqual({
    ...point,
    systems: { 'system-1': { behind: null, published_per_second: 5 } },
    ready: null,
    waiting: null,
    dead_letters: null,
  });
});

it('the charts have their past as soon as somebody asks a console that was started again', async () => {
  const series = new Series({ load: () => Promise.resolve([point]), add: () => Promise.resolve() });
  expect(await series.read()).toEqual([point]);
});

it('the charts show what they know while their past cannot be read, and ask for it again', async () => {
  let isAway = true;
  const load = () => (isAway ? Promise.reject(new Error('connection refused')) : Promise.resolve([point]));
  const series = new Series({ load, add: () => Promise.resolve() });
  expect(await series.read()).toEqual([]);
  isAway = false;
  expect(await series.read()).toEqual([point]);
});
