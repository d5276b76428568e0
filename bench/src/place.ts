import { loadSettings, settingsEntries, type Settings } from '@esteira/settings';
import { freePorts } from '@esteira/infra/ports';
import { openPostgres } from '@esteira/postgres';
import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';

/** Fresh databases, a fresh virtual host and an empty Redis on the servers of the bench: nothing of another round. */
export interface Place {
  /** One system; its database, the endput, the broker, the log and Redis are of this place. */
  readonly settings: Settings;
  /** A database for peers that keep their queue in Postgres, on a server that does nothing else. */
  readonly queueUrl: string;
  /** Removes all of it. */
  drop(): Promise<void>;
}

let count = 0;

/** Makes a place on running servers. `env` are further settings of the apps. */
export async function openPlace(servers: Settings, env: Readonly<Record<string, string>> = {}): Promise<Place> {
  const name = `bench_${process.pid}_${(count += 1)}`;
  const urls = Object.fromEntries(settingsEntries(servers));
  const source = await freshDatabase(urls['SYSTEM1_DATABASE_URL'] ?? '', name);
  const queue = await freshDatabase(urls['SYSTEM2_DATABASE_URL'] ?? '', name);
  const endput = await freshDatabase(servers.ENDPUT_DATABASE_URL, name);
  const vhost = await freshVirtualHost(servers, name);
  const mongo = withPath(servers.MONGODB_URL, name);
  await emptyRedis(servers.REDIS_URL);
  const [apiPort, consumerPort] = await freePorts(2);
  const settings = loadSettings({
    SYSTEMS: 'system-1',
    SYSTEM1_DATABASE_URL: source.url,
    SYSTEM1_API_PORT: String(apiPort),
    CONSUMER_PORT: String(consumerPort),
    ENDPUT_DATABASE_URL: endput.url,
    RABBITMQ_URL: vhost.url,
    RABBITMQ_MANAGEMENT_URL: servers.RABBITMQ_MANAGEMENT_URL,
    REDIS_URL: servers.REDIS_URL,
    MONGODB_URL: mongo,
    ATTEMPT_LOG_TTL_SECONDS: '86400',
    ...env,
  });
  const drop = async () => {
    await Promise.all([source.drop(), queue.drop(), endput.drop(), vhost.drop(), dropMongo(mongo)]);
    await emptyRedis(servers.REDIS_URL);
  };
  return { settings, queueUrl: queue.url, drop };
}

interface Fresh {
  readonly url: string;
  drop(): Promise<void>;
}

function withPath(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

async function freshDatabase(server: string, name: string): Promise<Fresh> {
  const run = async (sql: string) => {
    const admin = openPostgres({ url: server, applicationName: 'bench', max: 1, queryTimeoutMs: 120_000 });
    try {
      await admin.query(sql);
    } finally {
      await admin.close();
    }
  };
  await run(`CREATE DATABASE ${name}`);
  return { url: withPath(server, name), drop: () => run(`DROP DATABASE ${name} WITH (FORCE)`) };
}

async function freshVirtualHost({ RABBITMQ_URL, RABBITMQ_MANAGEMENT_URL }: Settings, name: string): Promise<Fresh> {
  const { username, password, origin } = new URL(RABBITMQ_MANAGEMENT_URL);
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const call = async (method: string, path: string, body?: unknown) => {
    const headers = { authorization, 'content-type': 'application/json' };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`${origin}/api/${path}`, { method, headers, ...sent });
    if (!response.ok) throw new Error(`RabbitMQ's management API answered ${response.status} for ${path}`);
  };
  await call('PUT', `vhosts/${name}`, {});
  await call('PUT', `permissions/${name}/${username}`, { configure: '.*', write: '.*', read: '.*' });
  return { url: withPath(RABBITMQ_URL, name), drop: () => call('DELETE', `vhosts/${name}`) };
}

async function emptyRedis(url: string): Promise<void> {
  const redis = new Redis(url);
  await redis.flushall();
  await redis.quit();
}

async function dropMongo(url: string): Promise<void> {
  const client = new MongoClient(url);
  await client.db().dropDatabase();
  await client.close();
}
