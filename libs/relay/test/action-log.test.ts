import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { MOST_ACTIONS, openActionLog } from '../src/action-log.ts';
import { actionsKey } from '../src/keys.ts';
import { freshSystem, redisHere } from './support.ts';

const action = (n: number) => ({
  id: randomUUID(),
  at: '2026-01-01T00:00:00.000Z',
  by: 'local',
  action: 'run',
  details: { n },
});
const numbers = (entries: readonly { action: { details: Record<string, unknown> } | undefined }[]) =>
  entries.map((entry) => entry.action?.details['n']);

it('keeps the latest 10,000 actions of a system where nobody takes them, the oldest first', async () => {
  const system = freshSystem();
  const redis = redisHere();
  const log = openActionLog(redis, system);
  const key = actionsKey(system);
  await log.append(action(1));
  await log.append(action(2));
  const fill = `for i = 3, tonumber(ARGV[1]) do redis.call('XADD', KEYS[1], '*', 'action', ARGV[2]) end`;
  await redis.script(fill, key, [MOST_ACTIONS, JSON.stringify(action(3))]);
  await log.append(action(4));
  expect(await redis.script(`return redis.call('XLEN', KEYS[1])`, key)).toBe(MOST_ACTIONS);
  expect(numbers(await log.oldest(2))).toEqual([2, 3]);
  await log.clear();
  expect(await log.oldest(1)).toEqual([]);
});

it('gives what is left when the first are removed, and of what is no action its text', async () => {
  const system = freshSystem();
  const redis = redisHere();
  const log = openActionLog(redis, system);
  for (let n = 0; n < 3; n += 1) await log.append(action(n));
  const [first, second] = await log.oldest(2);
  await log.remove([first!.place, second!.place]);
  await redis.script(`redis.call('XADD', KEYS[1], '*', 'action', '{"by":1}')`, actionsKey(system));
  const left = await log.oldest(10);
  expect(numbers(left)).toEqual([2, undefined]);
  expect(left[1]).toMatchObject({ text: '{"by":1}', action: undefined });
  await log.clear();
});
