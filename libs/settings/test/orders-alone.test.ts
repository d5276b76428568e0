import { expect, it } from 'vitest';
import { loadSettings, settingsForOrders } from '../src/index.ts';

it('orders have what is set for them alone, and what is set for all where nothing is', () => {
  const settings = loadSettings({
    MAX_ATTEMPTS: '7',
    ORDERS_MAX_ATTEMPTS: '2',
    PREFETCH: '10',
    ORDERS_BATCH_SIZE: '5',
  });
  const { MAX_ATTEMPTS, PREFETCH, BATCH_SIZE, systems } = settingsForOrders(settings);
  expect([MAX_ATTEMPTS, PREFETCH, BATCH_SIZE]).toEqual([2, 10, 5]);
  expect([settings.MAX_ATTEMPTS, settings.BATCH_SIZE]).toEqual([7, 1_000]);
  expect(systems).toEqual(settings.systems);
  expect(() => loadSettings({ ORDERS_RETRY_JITTER: '0.5' })).toThrow('ORDERS_RETRY_JITTER needs DELAY_STRATEGY');
});
