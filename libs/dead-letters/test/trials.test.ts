import { afterAll, beforeAll, expect, it } from 'vitest';
import { beginLoneTrial, beginTrial, forgetOldTrials, suspects } from '../src/index.ts';
import { openThings, type ThingsEndput } from './support/things.ts';

const keys = ['one', 'two', 'three', 'four'].map((_, index) => `00000000-0000-8000-8000-00000000000${index}`);
let endput: ThingsEndput;
beforeAll(async () => (endput = await openThings()));
afterAll(() => endput.close());

it('a trial that began over a week ago is forgotten, no newer one, and none that was tried again since', async () => {
  const { sql } = endput;
  await beginTrial(sql, 'orders', keys.slice(0, 3));
  await beginTrial(sql, 'others', keys.slice(3));
  await sql.query(`UPDATE trials SET began_at = now() - interval '8 days' WHERE key <> $1`, [keys[0]]);
  await beginLoneTrial(sql, 'orders', keys[1] ?? '');
  await forgetOldTrials(sql, 'orders');
  expect([...(await suspects(sql, keys)).keys()].sort()).toEqual([keys[0], keys[1], keys[3]]);
});
