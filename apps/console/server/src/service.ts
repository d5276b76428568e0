import { QUEUE_PART, type AppDeclaration } from '@esteira/settings';

/** The console. It shows what is down, and needs only what it keeps its own notes in. */
export const consolePage: AppDeclaration = {
  role: 'console',
  main: 'apps/console/server/src/main.ts',
  processes: ({ CONSOLE_PORT }) => [
    {
      name: 'console',
      parts: [QUEUE_PART],
      ports: [{ setting: 'CONSOLE_PORT', port: CONSOLE_PORT }],
      needs: ['endput'],
      environment: {},
    },
  ],
};
