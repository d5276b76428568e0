import { existsSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Settings } from '@esteira/config';
import { execa } from 'execa';
import type { Listens } from '../src/catalogue.ts';
import type { Context } from './context.ts';
import { isReachable, openDirectory } from './home.ts';
import type { Prepared } from './program.ts';
import { systemEnvironment } from './supervisor.ts';
import { unprivileged } from './users.ts';

/** Later versions can't be installed from the registry alone, or come without their page's scripts. */
const VERSION = '1.0.0';

/** Mongo Express from its npm package, kept out of the project's lock file: a page for people, nothing depends on it. */
export async function prepareMongoExpress(
  name: string,
  { port }: Listens,
  settings: Settings,
  context: Context,
): Promise<Prepared> {
  const cache = openDirectory(context.cache);
  const directory = join(cache, `mongo-express-${VERSION}`);
  if (!existsSync(directory)) await fetchPackage(directory, context.report);
  return {
    programs: [
      {
        name,
        command: [process.execPath, join(directory, 'node_modules/mongo-express/app.js')],
        directory: join(directory, 'node_modules/mongo-express'),
        // Other people's code behind a port: not as root, where another user can reach Node itself.
        user: isReachable(dirname(process.execPath)) ? unprivileged() : undefined,
        environment: {
          ...systemEnvironment(),
          NODE_ENV: 'production',
          ME_CONFIG_MONGODB_URL: settings.MONGODB_URL,
          ME_CONFIG_MONGODB_ENABLE_ADMIN: 'true',
          ME_CONFIG_BASICAUTH_USERNAME: '',
          ME_CONFIG_SITE_COOKIESECRET: context.secret('mongo-express-cookie'),
          ME_CONFIG_SITE_SESSIONSECRET: context.secret('mongo-express-session'),
          VCAP_APP_HOST: '127.0.0.1',
          VCAP_APP_PORT: String(port),
          PORT: String(port),
        },
        stopSignal: 'TERM',
        stopSeconds: 5,
      },
    ],
    ready: async () => {
      const response = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(5_000) });
      await response.text();
      return response.ok ? undefined : `status ${response.status}`;
    },
  };
}

async function fetchPackage(directory: string, report: Context['report']): Promise<void> {
  report(`fetching mongo-express ${VERSION} (npm)`);
  const work = `${directory}.fetch`;
  rmSync(work, { recursive: true, force: true });
  await execa(
    'npm',
    [
      'install',
      '--prefix',
      work,
      '--no-save',
      '--no-audit',
      '--fetch-retries=0',
      '--no-fund',
      '--ignore-scripts',
      '--omit=dev',
      `mongo-express@${VERSION}`,
    ],
    { stdin: 'ignore', timeout: 120_000, cwd: dirname(directory) },
  );
  renameSync(work, directory);
}
