import { portSetting, settingsPart } from '@esteira/config';
import { Type } from 'typebox';

/** The consumers of orders: how many, where, and how much each takes. */
export const consumerSettings = settingsPart({
  properties: {
    CONSUMERS: Type.Integer({
      default: 1,
      minimum: 1,
      maximum: 32,
      description: 'How many consumer processes run. One fills two cores; more help where the verifier is slow.',
    }),
    CONSUMER_PORT: portSetting(
      8011,
      'Health and metrics of the first consumer; each further consumer takes the next port.',
    ),
    BATCH_SIZE: Type.Integer({
      default: 1_000,
      minimum: 1,
      maximum: 10_000,
      description: 'The most messages a consumer handles at once. A batch closes earlier when nothing more is waiting.',
    }),
    PREFETCH: Type.Integer({
      default: 4_000,
      minimum: 1,
      maximum: 65_535,
      description:
        'Messages RabbitMQ hands a consumer ahead of its acks, at most: fewer where the verifier may be slow (see ATTEMPT_TIMEOUT_MS). Below twice the batch size it slows down.',
    }),
  },
});
