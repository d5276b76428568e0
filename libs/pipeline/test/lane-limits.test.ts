import { expect, it } from 'vitest';
import { maxAttemptsOf, mostDepthOf, type Pipeline } from '../src/index.ts';

const pipeline: Pick<Pipeline, 'limits'> = {
  limits: { quick: { maxAttempts: 2, mostDepth: 100 }, slow: { holdMs: 1 } },
};

it('a lane has its own number of attempts and its own most depth, or what its pipeline has', () => {
  const lanes = ['quick', 'slow', 'elsewhere'];
  expect(lanes.map((lane) => maxAttemptsOf(pipeline, lane, 5))).toEqual([2, 5, 5]);
  expect(lanes.map((lane) => mostDepthOf(pipeline, lane, 500))).toEqual([100, 500, 500]);
  expect(maxAttemptsOf({}, 'quick', 5)).toBe(5);
});
