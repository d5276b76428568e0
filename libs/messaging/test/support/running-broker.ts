import { inject } from 'vitest';

/** Only `make test-brokers` has a broker that may be killed, and configured while it runs. */
export const control = inject('brokerControl') as string | undefined;

/** What RabbitMQ is configured with by itself, in milliseconds. */
const DEFAULTS = { consumer_timeout: 30 * 60_000, channel_tick_interval: 60_000 };

async function configure(settings: typeof DEFAULTS): Promise<void> {
  for (const [name, value] of Object.entries(settings)) {
    const response = await fetch(`${control ?? ''}/configure/${name}/${value}`, { method: 'POST' });
    if (!response.ok) throw new Error(`The broker was not configured: ${await response.text()}`);
  }
}

/**
 * Has the broker take back, from now on, what a consumer holds for longer than `ms`. Before 4.3 a channel looks at each of
 * its ticks, whose interval is settled when the channel is opened; from 4.3 on the queue does, every few seconds.
 */
export const takeBackAfter = (ms: number) => configure({ consumer_timeout: ms, channel_tick_interval: ms / 4 });

export const takeBackAsEver = () => configure(DEFAULTS);
