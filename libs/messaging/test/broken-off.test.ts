import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { connectBroker } from '../src/index.ts';
import { openScriptedBroker, type Farewell } from './support/scripted-broker.ts';
import { logger, patient } from './support/stage.ts';

describe('a connection that the broker ends in the breath in which it', () => {
  const breaths: [string, Farewell][] = [
    ['opens it', 'ConnectionOpenOk'],
    ['answers its first channel', 'ChannelCloseOk'],
    ['is asked for a channel', 'reset'],
  ];
  it.each(breaths)('%s is made again: nobody takes it for one that is there', async (_, farewell) => {
    const scripted = await openScriptedBroker(undefined, farewell);
    onTestFinished(() => scripted.close());
    const broker = await connectBroker({ url: scripted.url, name: 'test', logger });
    onTestFinished(() => broker.close());
    await vi.waitFor(async () => {
      await broker.untilConnected();
      const channel = await broker.channel();
      await channel.close();
    }, patient);
    expect(scripted.calls.filter(({ method }) => method === 'ConnectionOpen')).toHaveLength(2);
  });
});
