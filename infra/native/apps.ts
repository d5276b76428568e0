import { settingsEntries, type Settings } from '@esteira/config';
import type { Service } from '../src/catalogue.ts';
import { REPOSITORY } from '../src/paths.ts';
import { health } from '../src/health.ts';
import type { Prepared } from './program.ts';
import { systemEnvironment } from './supervisor.ts';

/** An app: one build, run once a system or once a consumer, by the Node that runs us, as ourselves. */
export function prepareApp(service: Service, settings: Settings): Prepared {
  const { main, role } = processOf(service);
  return {
    programs: [
      {
        name: service.name,
        command: [process.execPath, main],
        directory: REPOSITORY,
        user: undefined,
        environment: { ...systemEnvironment(), ...Object.fromEntries(settingsEntries(settings)), ...role },
        stopSignal: 'TERM',
        stopSeconds: Math.ceil(settings.SHUTDOWN_MS / 1_000) + 5,
      },
    ],
    ready: () => health(service, 'ready'),
  };
}

/** What is run, and what tells it which of its kind it is. */
function processOf({ type, system, number }: Service): { main: string; role: Record<string, string> } {
  switch (type) {
    case 'api':
      return { main: 'apps/orders-api/src/main.ts', role: { SYSTEM: system ?? '' } };
    case 'consumer':
      return { main: 'apps/orders-consumer/src/main.ts', role: { CONSUMER_NUMBER: String(number ?? 1) } };
    case 'console':
      return { main: 'apps/console/server/src/main.ts', role: {} };
    case 'postgres':
    case 'redis':
    case 'rabbitmq':
    case 'mongodb':
    case 'mongo-express':
      throw new Error(`${type} is no app`);
  }
}
