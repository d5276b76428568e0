import type { attemptLogSettings } from '@esteira/attempt-log/settings';
import { portSetting, settingsPart, type SettingsOf } from '@esteira/config';
import type { messagingSettings } from '@esteira/messaging/settings';
import { Type } from 'typebox';

/** How much a consumer takes, and how long an attempt may last. */
export const consumerSettings = settingsPart({
  properties: {
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
        'Messages RabbitMQ hands a consumer ahead of its acks, at most: fewer where an attempt may be slow (see ATTEMPT_TIMEOUT_MS). Below twice the batch size it slows down.',
    }),
    ATTEMPT_TIMEOUT_MS: Type.Integer({
      default: 30_000,
      minimum: 1,
      maximum: 900_000,
      description:
        'The longest one attempt may take, in milliseconds. An attempt that runs out of time is spent. Where only so many attempts are made at once (by a service over HTTP, or a module in threads) a consumer takes no more messages ahead than it can attempt within 15 minutes if all run out of time, since RabbitMQ takes back what is not acked after 30 (its consumer_timeout): the shorter the limit, the larger the batches.',
    }),
  },
});

/** The processes that consume: how many, and where their health is. */
export const consumersSettings = settingsPart({
  properties: {
    CONSUMERS: Type.Integer({
      default: 1,
      minimum: 1,
      maximum: 32,
      description: 'How many consumer processes run. One fills two cores; more help where attempts are slow.',
    }),
    CONSUMER_PORT: portSetting(
      8011,
      'Health and metrics of the first consumer; each further consumer takes the next port.',
    ),
  },
});

/** The settings that the engine reads: those of its servers, and its own. */
export type ConsumerSettings = SettingsOf<typeof attemptLogSettings> &
  SettingsOf<typeof consumerSettings> &
  Pick<
    SettingsOf<typeof messagingSettings>,
    'RABBITMQ_URL' | 'RABBITMQ_MANAGEMENT_URL' | 'RABBITMQ_CONSUMER_TIMEOUT_MS' | 'DELAY_STRATEGY'
  > & {
    readonly ENDPUT_DATABASE_URL: string;
  };
