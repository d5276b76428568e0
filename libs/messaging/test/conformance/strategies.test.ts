import { freshVirtualHost, serverSetting } from '@esteira/tests/support';
import { describe, expect, it, vi } from 'vitest';
import {
  delayedExchangeStrategy,
  delayedExchangeTopology,
  hasDelayedExchange,
  queueDepths,
  waitQueueStrategy,
} from '../../src/index.ts';
import { freshPipeline, messages, openStage, patient } from '../support/stage.ts';
import { exercise, exerciseChange } from './exercise.ts';

/** The exchange types a broker lists: another source than the probe. */
async function listsDelayedExchange(): Promise<boolean> {
  const { origin, username, password } = new URL(serverSetting('RABBITMQ_MANAGEMENT_URL'));
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const response = await fetch(`${origin}/api/overview`, { headers: { authorization } });
  const { exchange_types: types } = (await response.json()) as { exchange_types: { name: string }[] };
  return types.some(({ name }) => name === 'x-delayed-message');
}

const hasPlugin = await listsDelayedExchange();
const waitQueue = { name: 'wait-queue', make: waitQueueStrategy } as const;
const delayedExchange = { name: 'delayed-exchange', make: delayedExchangeStrategy } as const;

exercise(waitQueue.name, waitQueue.make);

if (hasPlugin) {
  exercise(delayedExchange.name, delayedExchange.make);
  exerciseChange(waitQueue, delayedExchange);
  exerciseChange(delayedExchange, waitQueue);

  describe('what waits in a delayed exchange', () => {
    it('is counted as waiting', async () => {
      const stage = await openStage();
      const pipeline = await freshPipeline(stage, delayedExchangeTopology);
      await delayedExchangeStrategy(stage.broker, pipeline).hand(messages(7), 600_000);
      await vi.waitFor(async () => {
        expect((await queueDepths(stage.management, pipeline)).waiting).toBe(7);
      }, patient);
      await stage.close();
    });
  });
}

describe('the probe for the delayed-message plugin', () => {
  it('says what the broker lists, again and again', async () => {
    const vhost = await freshVirtualHost();
    for (let times = 0; times < 3; times += 1) expect(await hasDelayedExchange(vhost.url)).toBe(hasPlugin);
    await vhost.drop();
  });
});
