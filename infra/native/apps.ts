import { resolve } from 'node:path';
import { settingsEntries, type Settings } from '@esteira/settings';
import type { AppService } from '../src/catalogue.ts';
import { REPOSITORY } from '../src/paths.ts';
import { health } from '../src/health.ts';
import { codeOf } from './code.ts';
import { digest } from './context.ts';
import type { Prepared } from './program.ts';
import type { State } from './state.ts';
import { systemEnvironment } from './supervisor.ts';

/** Stands in an app's environment: when it changes, the supervisor restarts the app. */
const CODE = 'ESTEIRA_CODE';

/** An app: one build, run once a system or once a consumer, by the Node that runs us, as ourselves. */
export function prepareApp(service: AppService, settings: Settings): Prepared {
  const { main, environment, files } = service;
  return {
    programs: [
      {
        name: service.name,
        command: [process.execPath, main],
        directory: REPOSITORY,
        user: undefined,
        environment: {
          ...systemEnvironment(),
          ...Object.fromEntries(settingsEntries(settings)),
          ...environment,
          // All settings are here: none is to come from an env file that was changed since the start.
          ESTEIRA_ENV_FILE: '/dev/null',
          [CODE]: codeOf(
            REPOSITORY,
            main,
            Object.values(files).map((file) => resolve(REPOSITORY, file)),
          ),
        },
        stopSignal: 'TERM',
        stopSeconds: Math.ceil(settings.SHUTDOWN_MS / 1_000) + 5,
      },
    ],
    ready: () => health(service, 'ready'),
  };
}

/** What apps are started with, code and settings, by their names: the supervisor restarts one of which either changes. */
export function codeOfApps(running: readonly { readonly prepared: Prepared }[]): Record<string, string> {
  const programs = running.map(({ prepared }) => prepared.programs[0]);
  return Object.fromEntries(
    programs.flatMap(({ name, environment }) =>
      environment[CODE] === undefined ? [] : [[name, digest(...Object.entries(environment).flat())]],
    ),
  );
}

/** Apps that run by other code or settings than before. Those of an older version, of which nothing is known, count too. */
export function changedApps(before: State, code: Readonly<Record<string, string>>): string[] {
  return Object.keys(code).filter((name) => before.active.includes(name) && before.code[name] !== code[name]);
}
