import { POSTGRES_URL, settingsPart, urlSetting } from '@esteira/config';

/** Where tasks are kept. */
export const tasksStoreSettings = settingsPart({
  properties: {
    TASKS_DATABASE_URL: urlSetting(
      'postgres://esteira:esteira@127.0.0.1:5435/tasks',
      'The Postgres of tasks: schedules, tasks, and what came of them. A server of its own, which is started only where an app that runs needs it.',
    ),
  },
  urlKind: (name) => (name === 'TASKS_DATABASE_URL' ? POSTGRES_URL : undefined),
});
