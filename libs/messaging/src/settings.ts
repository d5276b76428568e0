import { HTTP_URL, settingsPart, urlSetting, type UrlKind } from '@esteira/config';
import { Type } from 'typebox';

const URLS: Readonly<Record<string, UrlKind>> = {
  RABBITMQ_URL: { schemes: ['amqp', 'amqps'], path: 'virtual host' },
  RABBITMQ_MANAGEMENT_URL: HTTP_URL,
};

/** Where RabbitMQ is, how deep its lanes may get, and how a retry waits in it. */
export const messagingSettings = settingsPart({
  properties: {
    RABBITMQ_URL: urlSetting(
      'amqp://esteira:esteira@127.0.0.1:5672',
      'RabbitMQ 3.10 or later. A path names the virtual host.',
    ),
    RABBITMQ_MANAGEMENT_URL: urlSetting(
      'http://esteira:esteira@127.0.0.1:15672',
      "RabbitMQ's management API: queue arguments are checked through it, and people look at queues there.",
    ),
    RABBITMQ_CONSUMER_TIMEOUT_MS: Type.Integer({
      default: 1_800_000,
      minimum: 1,
      description:
        "What RabbitMQ's own configuration has as consumer_timeout, in milliseconds; it can't be asked for. It takes back a message that is not acked for so long. A lane that may hold one for longer is refused at start, unless its queue has a timeout of its own (RabbitMQ 3.11.15 or later).",
    }),
    MAX_LANE_DEPTH: Type.Integer({
      default: 500_000,
      minimum: 1,
      description: 'Publishing pauses while a lane holds more messages than this, so that the broker stays small.',
    }),
    DELAY_STRATEGY: Type.Enum(['auto', 'wait-queue', 'delayed-exchange'], {
      default: 'auto',
      description:
        'How a retry waits. wait-queue works on every broker; delayed-exchange needs the plugin and keeps one unreplicated copy. auto is wait-queue.',
    }),
  },
  urlKind: (name) => URLS[name],
});
