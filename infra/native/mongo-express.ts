import { existsSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Settings } from '@esteira/settings';
import { execa } from 'execa';
import type { Listens } from '../src/catalogue.ts';
import type { Context } from './context.ts';
import { isReachable, openDirectory } from './home.ts';
import type { Prepared } from './program.ts';
import { systemEnvironment } from './supervisor.ts';
import { unprivileged, type User } from './users.ts';

/** Later versions can't be installed from the registry alone, or come without their page's scripts. */
const VERSION = '1.0.0';

/** What its page asks for, as RabbitMQ's does; the same as in docker-compose.yml. */
const ACCOUNT = { user: 'esteira', password: 'esteira' };

/** Mongo Express from its npm package, kept out of the project's lock file: a page for people, nothing depends on it. */
export async function prepareMongoExpress(
  name: string,
  { port }: Listens,
  settings: Settings,
  context: Context,
): Promise<Prepared> {
  const user = whoRuns(process.execPath);
  const cache = openDirectory(context.cache);
  const directory = join(cache, `mongo-express-${VERSION}`);
  if (!existsSync(directory)) await fetchPackage(directory, context.report);
  return {
    programs: [
      {
        name,
        command: [process.execPath, join(directory, 'node_modules/mongo-express/app.js')],
        directory: join(directory, 'node_modules/mongo-express'),
        user,
        environment: environmentOf(port, settings.MONGODB_URL, context),
        stopSignal: 'TERM',
        stopSeconds: 5,
      },
    ],
    ready: () => pageAnswers(port),
  };
}

/** Other people's code behind a port: never as root. @throws if no other user can reach `node`. */
export function whoRuns(node: string): User | undefined {
  const user = unprivileged();
  if (user === undefined || isReachable(dirname(node))) return user;
  throw new Error(`it must not run as root, and ${user.name} can't reach ${node}`);
}

/** The settings of Mongo Express: it listens on loopback only, and asks for {@link ACCOUNT}. */
export function environmentOf(port: number, mongodbUrl: string, { secret }: Pick<Context, 'secret'>) {
  return {
    ...systemEnvironment(),
    NODE_ENV: 'production',
    ME_CONFIG_MONGODB_URL: mongodbUrl,
    ME_CONFIG_MONGODB_ENABLE_ADMIN: 'true',
    ME_CONFIG_BASICAUTH_USERNAME: ACCOUNT.user,
    ME_CONFIG_BASICAUTH_PASSWORD: ACCOUNT.password,
    ME_CONFIG_SITE_COOKIESECRET: secret('mongo-express-cookie'),
    ME_CONFIG_SITE_SESSIONSECRET: secret('mongo-express-session'),
    VCAP_APP_HOST: '127.0.0.1',
    VCAP_APP_PORT: String(port),
    PORT: String(port),
  };
}

async function pageAnswers(port: number): Promise<string | undefined> {
  const authorization = `Basic ${btoa(`${ACCOUNT.user}:${ACCOUNT.password}`)}`;
  const asked = { headers: { authorization }, signal: AbortSignal.timeout(5_000) };
  const response = await fetch(`http://127.0.0.1:${port}/`, asked);
  await response.text();
  return response.ok ? undefined : `status ${response.status}`;
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
