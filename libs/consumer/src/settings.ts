import type { Settings } from '@esteira/config';

/** The settings that the engine reads. */
export type ConsumerSettings = Pick<
  Settings,
  | 'ENDPUT_DATABASE_URL'
  | 'MONGODB_URL'
  | 'RABBITMQ_URL'
  | 'RABBITMQ_MANAGEMENT_URL'
  | 'ATTEMPT_LOG_TTL_SECONDS'
  | 'DELAY_STRATEGY'
  | 'PREFETCH'
  | 'BATCH_SIZE'
  | 'ATTEMPT_TIMEOUT_MS'
>;
