import { QUEUE_PART, type AppDeclaration, type AppProcess } from '@esteira/settings';
import { tasksPipeline } from '@esteira/tasks/messages';

/** The schedulers of tasks. */
export const tasksScheduler: AppDeclaration = {
  pipeline: tasksPipeline.name,
  role: 'scheduler',
  main: 'apps/tasks-scheduler/src/main.ts',
  processes: ({ SCHEDULERS, SCHEDULER_PORT }) =>
    Array.from({ length: SCHEDULERS }, (_, i): AppProcess => ({
      name: `scheduler-${i + 1}`,
      parts: [QUEUE_PART],
      ports: [{ setting: 'SCHEDULER_PORT', port: SCHEDULER_PORT + i }],
      needs: ['rabbitmq', 'tasks'],
      environment: { SCHEDULER_NUMBER: String(i + 1) },
    })),
};
