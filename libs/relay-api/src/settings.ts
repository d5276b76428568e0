import type { accessSettings, attemptSettings, runningSettings, SettingsOf } from '@esteira/config';
import type { messagingSettings } from '@esteira/messaging/settings';
import type { relaySettings } from '@esteira/relay/settings';

/** The settings that the API of a system reads. */
export type RelayApiSettings = SettingsOf<typeof relaySettings> &
  Pick<SettingsOf<typeof accessSettings>, 'HOST' | 'ALLOWED_HOSTS' | 'TRUSTED_PROXIES' | 'apiKeys'> &
  Pick<SettingsOf<typeof attemptSettings>, 'MAX_ATTEMPTS'> &
  Pick<SettingsOf<typeof messagingSettings>, 'RABBITMQ_URL' | 'RABBITMQ_MANAGEMENT_URL' | 'MAX_LANE_DEPTH'> &
  Pick<SettingsOf<typeof runningSettings>, 'SHUTDOWN_MS'>;

/** A source, and where its API listens. */
export interface ServedSystem {
  readonly name: string;
  readonly databaseUrl: string;
  readonly apiPort: number;
}
