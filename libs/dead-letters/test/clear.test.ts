import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { beginLoneTrial, clearDeadLetters, suspects } from '../src/index.ts';
import { openThings, type ThingsEndput } from './support/things.ts';

let endput: ThingsEndput;
beforeAll(async () => (endput = await openThings()));
afterAll(() => endput.close());

it('clears what is remembered of crashes too, of one pipeline alone', async () => {
  const { sql } = endput;
  const [cleared, kept] = [randomUUID(), randomUUID()];
  for (const pipeline of [cleared, kept]) await beginLoneTrial(sql, pipeline, pipeline);
  await clearDeadLetters(sql, cleared);
  expect(await suspects(sql, [cleared, kept])).toEqual(new Map([[kept, { alone: 1, beside: 0 }]]));
});
