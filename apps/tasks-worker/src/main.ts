import { hostname } from 'node:os';
import { settingsOrExit } from '@esteira/config';
import { startConsumer } from '@esteira/consumer';
import { runConsumer, type ConsumerWork } from '@esteira/consumer/process';
import { retryPolicy } from '@esteira/handlers';
import { createLogger, createMetrics } from '@esteira/observability';
import { processSettings, settingsForTasks } from '@esteira/settings';
import { tasksDefinition } from '@esteira/tasks/consumer';
import { LONGEST_TASK_MS, tasksPipeline } from '@esteira/tasks/messages';
import { ModuleUnloadable, openTaskTypes, tasksHandler } from '@esteira/tasks/types';

const settings = settingsOrExit(() => settingsForTasks(processSettings(process.env)));
const number = Number(process.env['WORKER_NUMBER'] ?? '1');
const worker = `worker-${number}@${hostname()}`;
const logger = createLogger({ name: `tasks-worker ${number}`, level: settings.LOG_LEVEL });
const metrics = createMetrics({ app: 'tasks-worker', worker });

await runConsumer({
  ...{ pipeline: tasksPipeline, settings, logger, metrics, worker, open },
  title: `Esteira tasks worker ${number}`,
  port: settings.WORKER_PORT + number - 1,
  isFinal: (error) => error instanceof ModuleUnloadable,
});

async function open(): Promise<ConsumerWork> {
  const types = await openTaskTypes();
  // A site may say when it wants to be asked again. Each task has a time limit of its own.
  const policy = { ...retryPolicy(settings, true), timeoutMs: LONGEST_TASK_MS };
  const definition = tasksDefinition(tasksHandler(types), settings.TASKS_CONCURRENCY);
  return {
    start: () => startConsumer({ definition, settings, policy, logger, metrics, worker }),
    close: () => types.close(),
  };
}
