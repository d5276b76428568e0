import type { attemptLogSettings } from '@esteira/attempt-log/settings';
import type { SettingsOf } from '@esteira/config';
import type { messagingSettings } from '@esteira/messaging/settings';

/** The settings that the engine reads: those of its servers, and what each pipeline declares for its consumers. */
export type ConsumerSettings = SettingsOf<typeof attemptLogSettings> &
  Pick<
    SettingsOf<typeof messagingSettings>,
    'RABBITMQ_URL' | 'RABBITMQ_MANAGEMENT_URL' | 'RABBITMQ_CONSUMER_TIMEOUT_MS' | 'DELAY_STRATEGY'
  > & {
    readonly ENDPUT_DATABASE_URL: string;
    readonly PREFETCH: number;
    readonly BATCH_SIZE: number;
    readonly ATTEMPT_TIMEOUT_MS: number;
  };
