import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { ConsumeMessage } from 'amqplib';
import { onTestFinished, vi } from 'vitest';
import { names } from '../../src/index.ts';
import type { Pipeline } from '@esteira/pipeline';

interface DriverChannel {
  handleDelivery(message: ConsumeMessage): void;
}

/** The driver's own channel, which it does not export. */
const require = createRequire(import.meta.url);
const file = join(dirname(require.resolve('amqplib')), 'lib/channel_model.js');
const { Channel } = require(file) as { Channel: { readonly prototype: DriverChannel } };

/**
 * Counts what this process is given again of a pipeline, on channels that are opened from now on: each had come back. Not
 * by `x-delivery-count`, which from RabbitMQ 4.3 on is not raised for what is given back.
 */
export function redeliveriesOf(pipeline: Pipeline): () => number {
  const delivered = vi.spyOn(Channel.prototype, 'handleDelivery');
  onTestFinished(() => {
    delivered.mockRestore();
  });
  return () =>
    delivered.mock.calls.filter(([{ fields }]) => fields.redelivered && fields.exchange === names.exchange(pipeline))
      .length;
}
