import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadSettings, settingsEntries, type AppDeclaration, type Settings } from '@esteira/settings';
import { accountOf } from '../src/account.ts';
import {
  APPS,
  catalogue,
  isLoopback,
  isOurs,
  type AppService,
  type ServerService,
  type Service,
} from '../src/catalogue.ts';
import { REPOSITORY } from '../src/paths.ts';
import { pathsInside, volumesOf } from './files.ts';

/**
 * The options that make Compose run these settings: docker-compose.yml, a file with the services it doesn't have
 * (a third system, a second consumer), and the values for both.
 *
 * @param apps what is declared; by default all apps there are.
 */
export function composeFiles(settings: Settings, directory: string, apps: readonly AppDeclaration[] = APPS): string[] {
  mkdirSync(directory, { recursive: true });
  const services = catalogue(settings, apps);
  const { values, appValues, added } = filesIn(directory);
  write(appValues, envText(Object.fromEntries(settingsEntries(settings))));
  write(values, envText({ ...composeValues(settings, services), ESTEIRA_ENV_FILE: appValues }));
  write(added, `${JSON.stringify(addedServices(services, settings, appValues), undefined, 2)}\n`);
  return ['--env-file', values, '--file', join(REPOSITORY, 'docker-compose.yml'), '--file', added];
}

/** What Compose is given besides docker-compose.yml. */
export const filesIn = (directory: string) => ({
  values: join(directory, 'compose.env'),
  appValues: join(directory, 'apps.env'),
  added: join(directory, 'compose.added.json'), // JSON is YAML
});

/** What docker-compose.yml asks for: ports, accounts, and each server's address inside the network. */
export function composeValues(settings: Settings, services = catalogue(settings)): Record<string, string> {
  const { REDIS_URL: redis, RABBITMQ_URL: rabbitmq } = settings;
  return {
    ...Object.fromEntries(settingsEntries(settings).filter(([name]) => name.endsWith('_PORT'))),
    ESTEIRA_DELAY_STRATEGY: settings.DELAY_STRATEGY,
    ALLOWED_HOSTS: settings.ALLOWED_HOSTS,
    APP_STOP_GRACE: `${Math.ceil(settings.SHUTDOWN_MS / 1_000) + 10}s`,
    ...Object.fromEntries(serversIn(services).flatMap(addresses)),
    REDIS_PASSWORD: accountOf(redis).password,
    RABBITMQ_USER: accountOf(rabbitmq).user,
    RABBITMQ_PASSWORD: accountOf(rabbitmq).password,
    RABBITMQ_VHOST: accountOf(rabbitmq).name || '/',
  };
}

const serversIn = (services: readonly Service[]) => services.filter((service) => service.kind === 'server');

/** Those services that docker-compose.yml doesn't have. */
function addedServices(all: readonly Service[], settings: Settings, appValues: string) {
  const added = all.filter((service) => !isInFile(service));
  const services = added.flatMap((service): [string, object][] => {
    if (service.kind === 'app') return [[service.name, app(service, serversIn(all), settings, appValues)]];
    return isOurs(service) ? [[service.name, postgres(service)]] : [];
  });
  const servers = serversIn(added);
  // Redis belongs to every system's part.
  const redis = { profiles: servers.filter(({ system }) => system !== undefined).flatMap(({ parts }) => parts) };
  // The console reads every source, and the stores of all pipelines.
  const consolePage = { environment: literal(insideUrls(servers)) };
  return {
    services: { ...changedApps(all), ...Object.fromEntries(services), redis, console: consolePage },
    volumes: Object.fromEntries(servers.filter(isOurs).map(({ name }) => [name, {}])),
  };
}

/** The apps of docker-compose.yml in which files of the user's run. */
const changedApps = (all: readonly Service[]) =>
  Object.fromEntries(
    all.flatMap((service): [string, object][] =>
      service.kind === 'app' && isInFile(service) && Object.keys(service.files).length > 0
        ? [[service.name, { volumes: volumesOf(service), environment: literal(pathsInside(service)) }]]
        : [],
    ),
  );

/** What stands in docker-compose.yml: a service of the default settings, under the same name and the same setting. */
const isInFile = ({ name, listens: [{ setting }] }: Service): boolean =>
  IN_FILE.some((one) => one.name === name && one.listens[0].setting === setting);

const IN_FILE = catalogue(loadSettings({}));

const base = (service: string) => ({ extends: { file: join(REPOSITORY, 'infra/docker/base.yml'), service } });

const healthy = (required: boolean) => ({ condition: 'service_healthy', required });

const postgres = (service: ServerService) => {
  const [{ port, url = '' }] = service.listens;
  const { user, password, name } = accountOf(url);
  return {
    ...base('postgres'),
    profiles: ['all', 'servers', ...service.parts],
    environment: literal({ POSTGRES_USER: user, POSTGRES_PASSWORD: password, POSTGRES_DB: name }),
    ports: [`127.0.0.1:${port}:5432`],
    volumes: [`${service.name}:/var/lib/postgresql/data`],
  };
};

/** Where the apps find these servers. */
const insideUrls = (some: readonly ServerService[]): Record<string, string> =>
  Object.fromEntries(
    some.flatMap((one) =>
      one.listens.map(({ setting, url = '' }): [string, string] => [setting, fromInside(one, url)]),
    ),
  );

const app = (service: AppService, servers: readonly ServerService[], settings: Settings, appValues: string) => {
  const needed = service.needs.flatMap((name) => servers.filter((one) => one.name === name));
  const waitedFor = needed.filter((one) => isInFile(one) || isOurs(one));
  return {
    ...base('app'),
    command: ['node', service.main],
    ...published(service, appValues),
    // What is of another part may not be there: the app waits for it by itself.
    depends_on: Object.fromEntries(
      waitedFor.map((one) => [one.name, healthy(one.parts.some((part) => service.parts.includes(part)))]),
    ),
    volumes: volumesOf(service),
    environment: literal({
      ...pathsInside(service),
      ...service.environment,
      ...insideUrls(needed.filter((one) => one.system !== undefined || !isInFile(one))),
      HEALTH_URL: healthUrl(service),
      ALLOWED_HOSTS: allowedHosts(service, settings),
    }),
  };
};

const published = ({ parts, listens: [{ port }] }: Service, appValues: string) => ({
  profiles: ['all', ...parts],
  env_file: [{ path: appValues, required: true }],
  ports: [`127.0.0.1:${port}:${port}`],
});

/** The console asks the other apps under the names of their services. */
const allowedHosts = ({ name }: Service, { ALLOWED_HOSTS }: Settings) => `${ALLOWED_HOSTS},${name}`;

const healthUrl = ({ listens: [{ port }] }: Service) => `http://127.0.0.1:${port}/health/live`;

/** Compose expands a dollar sign. */
export const literal = (values: Record<string, string>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.replaceAll('$', () => '$$')]));

function addresses(service: Service): [name: string, value: string][] {
  return service.listens.flatMap(({ setting, port, url }): [string, string][] => {
    if (url === undefined) return [[setting, String(port)]];
    const name = setting.replace(/_URL$/, '');
    const account = accountOf(url);
    return [
      [`${name}_PORT`, String(port)],
      [`${name}_USER`, account.user],
      [`${name}_PASSWORD`, account.password],
      [`${name}_NAME`, account.name],
      [`${name}_INSIDE_URL`, fromInside(service, url)],
    ];
  });
}

/** A service's address as containers reach it; `127.0.0.1` is each container itself. */
function fromInside(service: Service, url: string): string {
  if (isOurs(service)) return insideUrl(url, service.name);
  if (!isLoopback(url)) return url;
  const host = new URL(url);
  host.hostname = 'host.docker.internal';
  return host.href;
}

const INSIDE_PORTS: Record<string, string> = {
  'redis:': '6379',
  'amqp:': '5672',
  'mongodb:': '27017',
  'http:': '15672',
};

function insideUrl(url: string, host: string): string {
  const inside = new URL(url);
  inside.hostname = host;
  inside.port = INSIDE_PORTS[inside.protocol] ?? '5432';
  return url.endsWith('/') ? inside.href : inside.href.replace(/\/$/, '');
}

/**
 * A value as Compose's reader of env files gives it back, whatever it holds, on one line. Single quotes would not do: a
 * backslash before one, or at the end, hides it.
 */
export const inQuotes = (value: string): string => `"${value.replaceAll(/[\\"$\n\r]/g, (one) => ESCAPED[one] ?? one)}"`;

const ESCAPED: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '"': '\\"',
  $: '$$',
  '\n': '\\n',
  '\r': '\\r',
};

export const envText = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${inQuotes(value)}\n`)
    .join('');

const write = (path: string, text: string): void => {
  writeFileSync(path, text, { mode: 0o600 });
};
