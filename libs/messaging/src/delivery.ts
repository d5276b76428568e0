import type { ConsumeMessage } from 'amqplib';
import type { WireHeaders } from '@esteira/pipeline';

/** A message as it was delivered. */
export interface Delivery {
  /** Counts 1, 2, 3, … on its channel. */
  readonly tag: number;
  /** Whether it was delivered before and came back. */
  readonly redelivered: boolean;
  /** The routing key it was published with: its lane. */
  readonly lane: string;
  readonly messageId: string | undefined;
  readonly type: string | undefined;
  readonly headers: WireHeaders;
  readonly body: Uint8Array;
}

/** What the driver gave, in our words. */
export function deliveryOf(message: ConsumeMessage): Delivery {
  const { fields, properties, content } = message;
  return {
    tag: fields.deliveryTag,
    redelivered: fields.redelivered,
    lane: fields.routingKey,
    messageId: textOf(properties.messageId),
    type: textOf(properties.type),
    headers: properties.headers ?? {},
    body: content,
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
