import fc from 'fast-check';
import type { Pipeline } from '@esteira/pipeline';
import { afterEach, describe, expect, it } from 'vitest';
import {
  chooseDelayStrategy,
  declareTopology,
  delayedExchangeStrategy,
  hasDelayedExchange,
  pipelineTopology,
  type Management,
} from '../../src/index.ts';
import { openScriptedBroker, type ScriptedBroker } from '../support/scripted-broker.ts';
import { connected, idsOf, logger, messageOf, messages } from '../support/stage.ts';
import { policyOf } from './exercise.ts';

const pipeline: Pipeline = { name: 'p', types: [{ name: 't', schemaVersion: 1 }], lanes: ['primary', 'secondary'] };

let scripted: ScriptedBroker | undefined;

afterEach(async () => {
  await scripted?.close();
  scripted = undefined;
});

/** A broker to be told things, and a connection to it. */
async function opened(refusal?: Parameters<typeof openScriptedBroker>[0]) {
  scripted = await openScriptedBroker(refusal);
  const { url, calls } = scripted;
  const broker = await connected(url);
  const called = (method: string) => calls.filter((call) => call.method === method);
  return { url, broker, called };
}

/** The scripted broker has no management API: nothing is there to be compared. */
const noReports: Management = {
  queues: () => Promise.resolve([]),
  queue: () => Promise.resolve(undefined),
  exchange: () => Promise.resolve(undefined),
  exchanges: () => Promise.resolve([]),
  policies: () => Promise.resolve([]),
  bindingKeys: () => Promise.resolve([]),
  featureFlag: () => Promise.resolve(undefined),
};

describe('what delayed-exchange says to a broker', () => {
  it('declares one durable exchange of the plugin in front of every lane', async () => {
    const { broker, called } = await opened();
    const topology = delayedExchangeStrategy(broker, pipeline).topology(policyOf(10_000));
    await declareTopology(broker, topology, noReports, logger);
    expect(called('ExchangeDeclare').map(({ fields }) => fields)).toEqual([
      expect.objectContaining({
        exchange: 'esteira.p.delayed',
        type: 'x-delayed-message',
        durable: true,
        autoDelete: false,
        internal: false,
        arguments: { 'x-delayed-type': 'direct' },
      }),
    ]);
    expect(called('QueueDeclare')).toEqual([]);
    expect(
      called('QueueBind').map(({ fields: { queue, exchange, routingKey } }) => [exchange, queue, routingKey]),
    ).toEqual([
      ['esteira.p.delayed', 'p.primary', 'primary'],
      ['esteira.p.delayed', 'p.secondary', 'secondary'],
    ]);
    await broker.close();
  });

  it('sends each message to its lane, persistent, with the delay in a header, on a channel with confirms', async () => {
    const { broker, called } = await opened();
    const sent = messageOf(7, 'secondary');
    await delayedExchangeStrategy(broker, pipeline).hand([sent], 10_000);
    expect(called('ConfirmSelect')).toHaveLength(1);
    const [publish] = called('BasicPublish');
    expect(publish?.fields).toMatchObject({ exchange: 'esteira.p.delayed', routingKey: 'secondary' });
    expect(publish?.properties).toMatchObject({ messageId: 'm-7', type: 't', deliveryMode: 2 });
    expect(publish?.properties?.['headers']).toEqual({ ...sent.headers, 'x-delay': 10_000 });
    expect(publish?.body).toBe(Buffer.from(sent.body).toString());
    await broker.close();
  });

  it('never asks for a message back: the plugin would return every one', async () => {
    const { broker, called } = await opened();
    const strategy = delayedExchangeStrategy(broker, pipeline);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 2 ** 32 - 1 }),
        async (count, delayMs) => {
          await strategy.hand(messages(count), delayMs);
          const latest = called('BasicPublish').slice(-count);
          expect(latest.some(({ fields }) => fields['mandatory'] === true || fields['immediate'] === true)).toBe(false);
          const delays = latest.map(
            ({ properties }) => (properties?.['headers'] as Record<string, unknown>)['x-delay'],
          );
          expect(new Set(delays)).toEqual(new Set([delayMs]));
          expect(idsOf(messages(count))).toEqual(
            idsOf(latest.map(({ properties }) => ({ messageId: String(properties?.['messageId']) }))),
          );
        },
      ),
      { numRuns: 30 },
    );
    await broker.close();
  });

  it('says nothing of the plugin while the wait queue is in use', async () => {
    const { url, broker, called } = await opened();
    const { strategy } = await chooseDelayStrategy('auto', policyOf(10_000), { url, connection: broker, pipeline });
    await declareTopology(broker, pipelineTopology(pipeline), noReports, logger);
    await declareTopology(broker, strategy.topology(policyOf(10_000)), noReports, logger);
    expect(called('ExchangeDeclare').some(({ fields }) => fields['type'] === 'x-delayed-message')).toBe(false);
    await broker.close();
  });
});

describe('the probe', () => {
  it.each([
    ['a broker that has the plugin', undefined, true],
    ['one without it that ends the connection (3.10)', 'connection-503', false],
    ['one without it that ends the channel (4.x)', 'channel-406', false],
  ] as const)('is right about %s, and leaves nothing behind', async (_, refusal, answer) => {
    const { url, broker, called } = await opened(refusal);
    expect(await hasDelayedExchange(url)).toBe(answer);
    expect(called('ExchangeDeclare').every(({ fields }) => fields['durable'] === false)).toBe(true);
    expect(called('ExchangeDelete')).toHaveLength(answer ? 1 : 0);
    expect(broker.connected).toBe(true);
    await broker.close();
  });

  it('does not take a broker that is gone for one without the plugin', async () => {
    const { url, broker } = await opened();
    await broker.close();
    await scripted?.close();
    scripted = undefined;
    await expect(hasDelayedExchange(url)).rejects.toThrow(/ECONNREFUSED/);
  });
});
