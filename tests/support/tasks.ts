import { loadSettings, type Settings } from '@esteira/settings';
import { openPostgres, type Postgres } from '@esteira/postgres';
import { insertSchedules, type NewSchedule } from '@esteira/tasks/store';
import { appProcess, type AppProcess } from './apps.ts';
import { freePorts } from './ports.ts';
import { freshDatabase, freshMongoUrl, freshVirtualHost, serverSetting } from './servers.ts';

/** The pipeline of tasks with a database and queues of its own, on the servers of the run. */
export interface Tasks {
  readonly settings: Settings;
  readonly store: Postgres;
  /** None is started before its `start()`. */
  readonly schedulers: readonly AppProcess[];
  readonly workers: readonly AppProcess[];
  readonly console: AppProcess;
  /** Makes so many schedules that are like one, from now on; gives their ids. */
  schedule(count: number, like: Partial<NewSchedule>): Promise<string[]>;
  stop(): Promise<void>;
}

/** What a test wants of it. */
export interface TasksOptions {
  readonly schedulers?: number;
  readonly workers?: number;
  /** Further settings. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Opens what tasks need, and starts nothing. */
export async function openTasks({ schedulers = 1, workers = 1, env = {} }: TasksOptions = {}): Promise<Tasks> {
  const [vhost, database] = await Promise.all([freshVirtualHost(), freshDatabase('TASKS_DATABASE_URL')]);
  const endput = await freshDatabase('ENDPUT_DATABASE_URL');
  const ports = await freePorts(schedulers + workers + 1);
  const settings = loadSettings({
    PIPELINES: 'tasks',
    TASKS_DATABASE_URL: database.url,
    RABBITMQ_URL: vhost.url,
    RABBITMQ_MANAGEMENT_URL: serverSetting('RABBITMQ_MANAGEMENT_URL'),
    ENDPUT_DATABASE_URL: endput.url,
    MONGODB_URL: freshMongoUrl(),
    CONSOLE_PORT: String(ports.at(-1)),
    ...{ SCHEDULERS: String(schedulers), WORKERS: String(workers) },
    ...{ RETRY_DELAY_MS: '200', SHUTDOWN_MS: '60000', ...env },
  });
  const store = openPostgres({ url: database.url, applicationName: 'tests of tasks' });
  // Each has a port of its own: the number is added to the first one's.
  const processes = (app: string, name: string, count: number, from: number) =>
    ports.slice(from, from + count).map((port, index) =>
      appProcess(app, port, settings, {
        [`${name}_NUMBER`]: String(index + 1),
        [`${name}_PORT`]: String(port - index),
      }),
    );
  const started = {
    schedulers: processes('tasks-scheduler', 'SCHEDULER', schedulers, 0),
    workers: processes('tasks-worker', 'WORKER', workers, schedulers),
    console: appProcess('console/server', settings.CONSOLE_PORT, settings, {}),
  };
  return {
    ...{ settings, store, ...started },
    schedule: async (count, like) => {
      const startsAt = Date.now();
      const common = { type: 'simulated', payload: {}, intervalSeconds: 1, cron: null, timezone: null, startsAt };
      const rest = { endsAt: null, misfire: 'latest', overlap: 'allow', jitterSeconds: 0, maxAttempts: 3 } as const;
      const one = { ...common, ...rest, timeoutMs: 10_000, lastSlot: null, name: 'site', ...like };
      const made = await insertSchedules(
        store,
        Array.from({ length: count }, () => one),
      );
      return made.map(({ scheduleId }) => scheduleId);
    },
    stop: async () => {
      await Promise.all([...started.schedulers, ...started.workers, started.console].map((app) => app.end('SIGKILL')));
      await store.close();
      await Promise.all([vhost, database, endput].map((fresh) => fresh.drop()));
    },
  };
}
