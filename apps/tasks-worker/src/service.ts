import { QUEUE_PART, type AppDeclaration, type AppProcess } from '@esteira/settings';
import { tasksPipeline } from '@esteira/tasks/messages';

/** The workers of tasks. */
export const tasksWorker: AppDeclaration = {
  pipeline: tasksPipeline.name,
  role: 'worker',
  main: 'apps/tasks-worker/src/main.ts',
  processes: ({ WORKERS, WORKER_PORT }) =>
    Array.from({ length: WORKERS }, (_, i): AppProcess => ({
      name: `worker-${i + 1}`,
      parts: [QUEUE_PART],
      ports: [{ setting: 'WORKER_PORT', port: WORKER_PORT + i }],
      needs: ['rabbitmq', 'mongodb', 'tasks'],
      environment: { WORKER_NUMBER: String(i + 1) },
    })),
};
