import { consolePage } from '@esteira/console-server/service';
import { ordersApi } from '@esteira/orders-api/service';
import { ordersConsumer } from '@esteira/orders-consumer/service';
import { QUEUE_PART, type AppDeclaration, type AppProcess, type Settings, type System } from '@esteira/settings';
import { tasksScheduler } from '@esteira/tasks-scheduler/service';
import { tasksWorker } from '@esteira/tasks-worker/service';
import { accountOf } from './account.ts';
import { Obstacle } from './obstacle.ts';

/** A setting that says where a service listens. */
export interface Listens {
  readonly setting: string;
  readonly port: number;
  /** The setting's URL; absent where the setting is a port. */
  readonly url?: string;
}

/** What servers and apps have in common. */
interface AnyService {
  readonly name: string;
  /** The parts (profiles) it belongs to besides `all`. Starting parts one after another composes into the whole. */
  readonly parts: readonly string[];
  readonly listens: readonly [Listens, ...Listens[]];
  /** Started where it can be had; a failure is told and is no reason to stop. */
  readonly optional?: true;
}

/** A server that apps need. */
export interface ServerService extends AnyService {
  readonly kind: 'server';
  readonly type: 'postgres' | 'redis' | 'rabbitmq' | 'mongodb' | 'mongo-express';
  /** The server that it is a page of: it runs where that one does. */
  readonly pageOf?: string;
  /** The system of a source Postgres. */
  readonly system?: string;
  /** The user's own, although it is on this machine: never started, moved or emptied. */
  readonly isForeign?: true;
}

/** One process of an app, as the app declares it. */
export interface AppService extends AnyService, Pick<AppDeclaration, 'role' | 'main' | 'pipeline'> {
  readonly kind: 'app';
  /** Services it asks about in its readiness. */
  readonly needs: readonly string[];
  /** What tells the process which of its app it is. */
  readonly environment: Readonly<Record<string, string>>;
  /** Files of the user's that run in it, by the settings that name them. */
  readonly files: Readonly<Record<string, string>>;
}

/** One process or server of Esteira. The same list is run natively and by Compose. */
export type Service = ServerService | AppService;

/** The apps of all pipelines, in the order in which they are shown. What each is, it declares itself. */
export const APPS: readonly AppDeclaration[] = [ordersApi, ordersConsumer, tasksScheduler, tasksWorker, consolePage];

/** Every server there is with these settings. */
export const serversOf = (settings: Settings): ServerService[] =>
  catalogue(settings).filter((service) => service.kind === 'server');

/** Every process of an app there is with these settings. */
export const appsOf = (settings: Settings): AppService[] =>
  catalogue(settings).filter((service) => service.kind === 'app');

/**
 * Every service there is with these settings: the apps of the pipelines that run, and the servers that they need.
 *
 * @param apps what is declared; by default by all apps there are.
 */
export function catalogue(settings: Settings, apps: readonly AppDeclaration[] = APPS): Service[] {
  const running = apps.filter(({ pipeline }) => pipeline === undefined || settings.pipelines.includes(pipeline));
  const processes = running.flatMap((app) => app.processes(settings).map((one) => appService(app, one, settings)));
  const needed = new Set(processes.flatMap(({ needs }) => needs));
  return [...servers(settings).filter(({ name, pageOf = name }) => needed.has(pageOf)), ...processes];
}

const appService = (
  { pipeline, role, main, files }: AppDeclaration,
  { name, parts, ports, needs, environment }: AppProcess,
  settings: Settings,
): AppService => ({
  ...{ kind: 'app', name, role, main, parts, listens: ports, needs, environment },
  ...(pipeline === undefined ? {} : { pipeline }),
  files: files?.(settings) ?? {},
});

/** Every server that an app may need. */
function servers(settings: Settings): ServerService[] {
  const systems = settings.systems.map((system) => system.name);
  return [
    ...settings.systems.map((system, i) => source(system, i + 1)),
    server('endput', 'postgres', [QUEUE_PART], [byUrl('ENDPUT_DATABASE_URL', settings.ENDPUT_DATABASE_URL)]),
    server('tasks', 'postgres', [QUEUE_PART], [byUrl('TASKS_DATABASE_URL', settings.TASKS_DATABASE_URL)]),
    server('redis', 'redis', systems, [byUrl('REDIS_URL', settings.REDIS_URL)]),
    server(
      'rabbitmq',
      'rabbitmq',
      [QUEUE_PART],
      [
        byUrl('RABBITMQ_URL', settings.RABBITMQ_URL),
        byUrl('RABBITMQ_MANAGEMENT_URL', settings.RABBITMQ_MANAGEMENT_URL),
      ],
    ),
    server('mongodb', 'mongodb', [QUEUE_PART], [byUrl('MONGODB_URL', settings.MONGODB_URL)]),
    ...(settings.NODE_ENV === 'production' ? [] : [mongoExpress(settings)]),
  ];
}

/** The services of a profile: `all`, `servers` (`test-servers`: without pages for people), `queue`, or a system. */
export function servicesOf(profile: string, settings: Settings, apps: readonly AppDeclaration[] = APPS): Service[] {
  const services = catalogue(settings, apps);
  if (profile === 'all') return services;
  if (profile === 'servers') return services.filter((service) => service.kind === 'server');
  if (profile === 'test-servers')
    return services.filter((service) => service.kind === 'server' && service.optional !== true);
  const part = services.filter((service) => service.parts.includes(profile));
  if (part.length > 0) return part;
  const known = ['all', 'servers', QUEUE_PART, ...settings.systems.map((system) => system.name)];
  throw new Obstacle(`There is no part "${profile}". Parts: ${known.join(', ')}.`);
}

/** A service whose address is on another machine, or that is the user's own, is somebody else's to run. */
export function isOurs(service: Service): boolean {
  if (service.kind === 'server' && service.isForeign === true) return false;
  return service.listens.every(({ url }) => url === undefined || isLoopback(url));
}

/** What people open or connect to; no password. */
export function addressOf(service: Service): string {
  const { url, port } = service.listens[0];
  if (url === undefined) return `http://127.0.0.1:${port}`;
  const parsed = new URL(url);
  parsed.username = '';
  parsed.password = '';
  return parsed.href;
}

const DEFAULT_PORTS: Record<string, number> = {
  'postgres:': 5432,
  'postgresql:': 5432,
  'redis:': 6379,
  'amqp:': 5672,
  'http:': 80,
  'mongodb:': 27017,
};

function byUrl(setting: string, url: string): Listens {
  if (!URL.canParse(url)) return { setting, url, port: 0 };
  const { port, protocol } = new URL(url);
  return { setting, url, port: port === '' ? (DEFAULT_PORTS[protocol] ?? 0) : Number(port) };
}

/** Whether a URL names this machine. */
export function isLoopback(url: string): boolean {
  if (!URL.canParse(url)) return false; // several hosts: a cluster that somebody else runs
  const host = new URL(url).hostname;
  return host === 'localhost' || host === '[::1]' || /^127(\.\d+){3}$/.test(host);
}

const server = (
  name: string,
  type: ServerService['type'],
  parts: readonly string[],
  listens: ServerService['listens'],
): ServerService => ({ kind: 'server', name, type, parts, listens });

/**
 * The user of the databases that Esteira makes. A source with a table of the user's, or with another user in its
 * address, is the user's database: an empty server must never take its place, on its port or on the next one.
 */
const OUR_USER = 'esteira';

const source = ({ name, databaseUrl, ownTable }: System, n: number): ServerService => ({
  ...server(`postgres-${name}`, 'postgres', [name], [byUrl(`SYSTEM${n}_DATABASE_URL`, databaseUrl)]),
  system: name,
  ...(ownTable !== undefined || accountOf(databaseUrl).user !== OUR_USER ? { isForeign: true as const } : {}),
});

/** Whoever knows its password, which stands in the documents, may change the log: nothing for production. */
const mongoExpress = (settings: Settings): ServerService => ({
  ...server(
    'mongo-express',
    'mongo-express',
    [QUEUE_PART],
    [{ setting: 'MONGO_EXPRESS_PORT', port: settings.MONGO_EXPRESS_PORT }],
  ),
  pageOf: 'mongodb',
  optional: true,
});
