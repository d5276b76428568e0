import type { Settings, System } from '@esteira/settings';
import { accountOf } from './account.ts';
import { Obstacle } from './obstacle.ts';

/** A setting that says where a service listens. */
export interface Listens {
  readonly setting: string;
  readonly port: number;
  /** The setting's URL; absent where the setting is a port. */
  readonly url?: string;
}

/** One process or server of Esteira. The same list is run natively and by Compose. */
export interface Service {
  readonly name: string;
  readonly kind: 'server' | 'app';
  readonly type: 'postgres' | 'redis' | 'rabbitmq' | 'mongodb' | 'mongo-express' | 'api' | 'consumer' | 'console';
  /** The parts (profiles) it belongs to besides `all`. Starting parts one after another composes into the whole. */
  readonly parts: readonly string[];
  readonly listens: readonly [Listens, ...Listens[]];
  /** Services an app asks about in its readiness. */
  readonly needs: readonly string[];
  /** The system of a source Postgres or of an API. */
  readonly system?: string;
  /** The number of a consumer, from 1. */
  readonly number?: number;
  /** The user's own, although it is on this machine: never started, moved or emptied. */
  readonly isForeign?: true;
  /** Started where it can be had; a failure is told and is no reason to stop. */
  readonly optional?: true;
}

/** The part of what all systems share behind the broker: RabbitMQ, MongoDB, the endput, the consumers, the console. */
export const QUEUE_PART = 'queue';

/** Every service there is with these settings. */
export function catalogue(settings: Settings): Service[] {
  const systems = settings.systems.map((system) => system.name);
  return [
    ...settings.systems.map((system, i) => source(system, i + 1)),
    server('endput', 'postgres', [QUEUE_PART], [byUrl('ENDPUT_DATABASE_URL', settings.ENDPUT_DATABASE_URL)]),
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
    ...settings.systems.map((system, i) => api(system.name, i + 1, system.apiPort)),
    ...Array.from({ length: settings.CONSUMERS }, (_, i) => consumer(i + 1, settings)),
    consolePage(settings),
  ];
}

/** The services of a profile: `all`, `servers` (`test-servers`: without pages for people), `queue`, or a system. */
export function servicesOf(profile: string, settings: Settings): Service[] {
  const services = catalogue(settings);
  if (profile === 'all') return services;
  if (profile === 'servers') return services.filter((service) => service.kind === 'server');
  if (profile === 'test-servers')
    return services.filter(({ kind, optional }) => kind === 'server' && optional !== true);
  const part = services.filter((service) => service.parts.includes(profile));
  if (part.length > 0) return part;
  const known = ['all', 'servers', QUEUE_PART, ...settings.systems.map((system) => system.name)];
  throw new Obstacle(`There is no part "${profile}". Parts: ${known.join(', ')}.`);
}

/** A service whose address is on another machine, or that is the user's own, is somebody else's to run. */
export function isOurs(service: Service): boolean {
  return service.isForeign !== true && service.listens.every(({ url }) => url === undefined || isLoopback(url));
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

const byPort = (setting: string, port: number): Listens => ({ setting, port });

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
  type: Service['type'],
  parts: readonly string[],
  listens: Service['listens'],
): Service => ({ name, kind: 'server', type, parts, listens, needs: [] });

/**
 * The user of the databases that Esteira makes. A source with a table of the user's, or with another user in its
 * address, is the user's database: an empty server must never take its place, on its port or on the next one.
 */
const OUR_USER = 'esteira';

const source = ({ name, databaseUrl, ownTable }: System, n: number): Service => ({
  ...server(`postgres-${name}`, 'postgres', [name], [byUrl(`SYSTEM${n}_DATABASE_URL`, databaseUrl)]),
  system: name,
  ...(ownTable !== undefined || accountOf(databaseUrl).user !== OUR_USER ? { isForeign: true as const } : {}),
});

const api = (system: string, n: number, port: number): Service => ({
  name: `api-${system}`,
  kind: 'app',
  type: 'api',
  parts: [system],
  listens: [byPort(`SYSTEM${n}_API_PORT`, port)],
  needs: [`postgres-${system}`, 'redis', 'rabbitmq'],
  system,
});

const consumer = (number: number, settings: Settings): Service => ({
  name: `consumer-${number}`,
  kind: 'app',
  type: 'consumer',
  parts: [QUEUE_PART],
  listens: [byPort('CONSUMER_PORT', settings.CONSUMER_PORT + number - 1)],
  needs: ['rabbitmq', 'mongodb', 'endput'],
  number,
});

/** It shows what is down, and needs only what it keeps its own notes in. */
const consolePage = (settings: Settings): Service => ({
  name: 'console',
  kind: 'app',
  type: 'console',
  parts: [QUEUE_PART],
  listens: [byPort('CONSOLE_PORT', settings.CONSOLE_PORT)],
  needs: ['endput'],
});

/** Whoever knows its password, which stands in the documents, may change the log: nothing for production. */
const mongoExpress = (settings: Settings): Service => ({
  ...server(
    'mongo-express',
    'mongo-express',
    [QUEUE_PART],
    [byPort('MONGO_EXPRESS_PORT', settings.MONGO_EXPRESS_PORT)],
  ),
  optional: true,
});
