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
  /** When it was sent, in seconds since 1970, as its sender says. */
  readonly sentAtSeconds?: number | undefined;
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
    sentAtSeconds: numberOf(properties.timestamp),
    headers: properties.headers ?? {},
    body: content,
  };
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
