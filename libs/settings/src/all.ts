import { attemptLogSettings } from '@esteira/attempt-log/settings';
import {
  accessSettings,
  attemptSettings,
  composeSettings,
  forPipeline,
  pipelineSettings,
  readEnvFile,
  runningSettings,
  type Env,
  type SettingsOf,
} from '@esteira/config';
import { consumersSettings, consumerSettings } from '@esteira/consumer/settings';
import { messagingSettings } from '@esteira/messaging/settings';
import { logSettings } from '@esteira/observability/settings';
import { endputSettings, systemsSettings, verifierSettings } from '@esteira/orders/settings';
import { reconciliationSettings } from '@esteira/reconciliation/settings';
import { relaySettings } from '@esteira/relay/settings';
import { schedulersSettings, tasksStoreSettings, workersSettings } from '@esteira/tasks/settings';
import { pipelinesSettings, whereItRuns } from './pipelines.ts';
import { placesSettings } from './places.ts';

/** What a pipeline may have for itself. */
type OfEachPipeline = SettingsOf<typeof attemptSettings> & SettingsOf<typeof consumerSettings>;
const ofEachPipeline = [attemptSettings, consumerSettings];

const settingsOfOrders = pipelineSettings<'orders', OfEachPipeline>('orders', ofEachPipeline);
const settingsOfTasks = pipelineSettings<'tasks', OfEachPipeline>('tasks', ofEachPipeline);

/**
 * All settings, checked and frozen: what the packages declare, composed in one place, since all processes of Esteira read
 * one `.env`. What another pipeline declares is named here, in the type and in the list.
 */
export type Settings = SettingsOf<typeof pipelinesSettings> &
  SettingsOf<typeof systemsSettings> &
  SettingsOf<typeof accessSettings> &
  SettingsOf<typeof endputSettings> &
  SettingsOf<typeof tasksStoreSettings> &
  SettingsOf<typeof schedulersSettings> &
  SettingsOf<typeof workersSettings> &
  SettingsOf<typeof attemptSettings> &
  SettingsOf<typeof relaySettings> &
  SettingsOf<typeof messagingSettings> &
  SettingsOf<typeof attemptLogSettings> &
  SettingsOf<typeof placesSettings> &
  SettingsOf<typeof reconciliationSettings> &
  SettingsOf<typeof verifierSettings> &
  SettingsOf<typeof consumersSettings> &
  SettingsOf<typeof consumerSettings> &
  SettingsOf<typeof settingsOfOrders> &
  SettingsOf<typeof settingsOfTasks> &
  SettingsOf<typeof runningSettings> &
  SettingsOf<typeof logSettings>;

/** The composition itself: for documents, and for what asks about settings by name. */
export const allSettings = composeSettings<Settings>([
  pipelinesSettings,
  whereItRuns('orders', systemsSettings),
  accessSettings,
  endputSettings,
  whereItRuns('tasks', tasksStoreSettings),
  whereItRuns('tasks', schedulersSettings),
  whereItRuns('tasks', workersSettings),
  attemptSettings,
  relaySettings,
  messagingSettings,
  attemptLogSettings,
  placesSettings,
  reconciliationSettings,
  verifierSettings,
  consumersSettings,
  consumerSettings,
  settingsOfOrders,
  settingsOfTasks,
  runningSettings,
  logSettings,
]);

/** See `load` of {@link allSettings}: of several layers the later ones win. */
export const loadSettings = (...layers: readonly Env[]): Settings => allSettings.load(...layers);

/** The settings as orders have them: what is set for orders alone in place of what is general. */
export const settingsForOrders = (settings: Settings): Settings => forPipeline(settings, 'orders');

/** The settings as tasks have them, whose results and dead letters are in the database of tasks. */
export const settingsForTasks = (settings: Settings): Settings => {
  return { ...forPipeline(settings, 'tasks'), ENDPUT_DATABASE_URL: settings.TASKS_DATABASE_URL };
};

/** All settings, one `[name, value]` each, those of the systems included, as `make -s env` prints them. */
export const settingsEntries = (settings: Settings): [name: string, value: string][] => allSettings.entries(settings);

/**
 * The settings of a process of its own: its environment over the env file. `ESTEIRA_ENV_FILE` names another one than
 * `.env`; what is started with all its settings reads none.
 */
export function processSettings(env: Env): Settings {
  return loadSettings(readEnvFile(env['ESTEIRA_ENV_FILE'] ?? '.env'), env);
}
