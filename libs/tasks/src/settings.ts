import { portSetting, POSTGRES_URL, settingsPart, urlSetting } from '@esteira/config';
import { Type } from 'typebox';

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

/** The processes that fire what is due: how many, and where. */
export const schedulersSettings = settingsPart({
  properties: {
    SCHEDULERS: Type.Integer({
      default: 1,
      minimum: 1,
      maximum: 32,
      description:
        'How many schedulers of tasks run. They share the schedules; of one that is gone, the others take over its share within seconds.',
    }),
    SCHEDULER_PORT: portSetting(
      8031,
      'Health and metrics of the first scheduler; each further scheduler takes the next port.',
    ),
  },
});

/** The processes that run tasks: how many, where, and how much each takes. */
export const workersSettings = settingsPart({
  properties: {
    WORKERS: Type.Integer({
      default: 1,
      minimum: 1,
      maximum: 32,
      description: 'How many workers run tasks.',
    }),
    WORKER_PORT: portSetting(8041, 'Health and metrics of the first worker; each further worker takes the next port.'),
    TASKS_CONCURRENCY: Type.Integer({
      default: 50,
      minimum: 1,
      maximum: 1_000,
      description:
        'How many tasks a worker runs at once. It takes none ahead, so that what waits goes to whichever worker is free.',
    }),
  },
});
