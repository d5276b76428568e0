import type { Broker } from './broker.ts';
import { closeChannel } from './close-channel.ts';

/** The version of a broker, as it says itself: `3.10.8`. */
export async function versionOf(broker: Broker): Promise<string> {
  const channel = await broker.channel();
  const { version } = channel.connection.serverProperties;
  await closeChannel(channel);
  return version;
}

/**
 * Whether a version of RabbitMQ takes notice of a queue's own `x-consumer-timeout`: from 3.11.15 on. Those before accept
 * the argument, and take a message back by their own `consumer_timeout`. Pure.
 */
export function heedsQueueTimeout(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.+-]/).map(Number);
  const since = [3, 11, 15] as const;
  if (major !== since[0]) return major > since[0];
  return minor === since[1] ? patch >= since[2] : minor > since[1];
}
