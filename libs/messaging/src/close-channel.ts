import type { Channel } from 'amqplib';

/**
 * Closes a channel. The driver answers when RabbitMQ has answered, and never where the connection ends first: a session
 * would not end, and none begin after it. So the end of the channel counts as well, whoever brings it about. Rejects where
 * the channel is closed already.
 */
export async function closeChannel(channel: Channel): Promise<void> {
  const { promise: closed, resolve } = Promise.withResolvers<undefined>();
  const onClose = () => {
    resolve(undefined);
  };
  channel.once('close', onClose);
  try {
    await Promise.race([channel.close(), closed]);
  } finally {
    channel.off('close', onClose);
  }
}
