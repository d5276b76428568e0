import { QUEUE_PART, type AppDeclaration } from '@esteira/settings';

/** The console. It shows what is down, and needs only what it keeps its own notes in. */
export const consolePage: AppDeclaration = {
  role: 'console',
  main: 'apps/console/server/src/main.ts',
  processes: ({ CONSOLE_PORT, pipelines }) => [
    {
      name: 'console',
      parts: [QUEUE_PART],
      ports: [{ setting: 'CONSOLE_PORT', port: CONSOLE_PORT }],
      // Where tasks run, their dead letters are shown out of their own store.
      needs: ['endput', ...(pipelines.includes('tasks') ? ['tasks'] : [])],
      environment: {},
    },
  ],
};
