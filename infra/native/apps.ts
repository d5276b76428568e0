import { settingsEntries, type Settings } from '@esteira/config';
import type { Service } from '../src/catalogue.ts';
import { REPOSITORY } from '../src/paths.ts';
import { health } from '../src/health.ts';
import type { Prepared } from './program.ts';
import { systemEnvironment } from './supervisor.ts';

/** An app: one build, run once a system or once a consumer, by the Node that runs us, as ourselves. */
export function prepareApp(service: Service, settings: Settings): Prepared {
  const main = service.type === 'api' ? 'apps/orders-api/src/main.ts' : 'apps/orders-consumer/src/main.ts';
  const role: Record<string, string> =
    service.type === 'api' ? { SYSTEM: service.system ?? '' } : { CONSUMER_NUMBER: String(service.number ?? 1) };
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
