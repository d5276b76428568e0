import { createLogger } from '@esteira/observability';
import type { SystemAction } from '@esteira/relay';
import { expect, it } from 'vitest';
import { recordActions } from '../src/actions.ts';

const logger = createLogger({ name: 'test', level: 'silent' });
const asked = { at: '2026-01-01T00:00:00.000Z', by: 'local' };

/** A log that takes nothing while it is away. */
function slowLog() {
  const taken: SystemAction[] = [];
  const log = {
    away: false,
    append: (action: SystemAction) => {
      if (log.away) return Promise.reject(new Error('away'));
      taken.push(action);
      return Promise.resolve();
    },
  };
  const lines: string[] = [];
  const told = { ...logger, warn: (_: unknown, line: string) => lines.push(line) } as never;
  return { log, taken, lines, actions: recordActions(log, told) };
}

it('keeps the latest 1,000 while Redis is away, one after the other, and says which are lost', async () => {
  const { log, taken, lines, actions } = slowLog();
  log.away = true;
  for (let n = 0; n < 1_002; n++) await actions.done(asked, 'run', { n });
  log.away = false;
  await actions.close();
  expect(taken.map(({ details }) => details['n'])).toEqual(Array.from({ length: 1_000 }, (_, n) => n + 2));
  expect(lines.filter((line) => line.includes('is missing in the history'))).toHaveLength(2);
});

it('says at its end what it could not write', async () => {
  const { log, lines, actions } = slowLog();
  log.away = true;
  await actions.done(asked, 'stop');
  await actions.close();
  expect(lines).toEqual([
    'an action is not in the history before Redis answers',
    'an action is missing in the history: Redis did not take it',
  ]);
});
