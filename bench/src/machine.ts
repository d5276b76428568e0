import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Settings } from '@esteira/settings';
import { REPOSITORY } from '@esteira/infra';
import { openPostgres } from '@esteira/postgres';
import { execa } from 'execa';
import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';

/** Where it was measured, and of what. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  /** By name: Node, the servers, the peers. */
  readonly versions: Readonly<Record<string, string>>;
  /** Of the code. */
  readonly commit: string;
}

/** Asks the machine and the servers. */
export async function describeMachine(settings: Settings): Promise<Machine> {
  const [processor] = cpus();
  const { stdout: commit } = await execa('git', ['describe', '--always', '--dirty'], {
    cwd: REPOSITORY,
    reject: false,
  });
  return {
    cpu: processor?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${distribution()}, Linux ${release()}, ${arch()}`,
    versions: { Node: process.versions.node, ...(await servers(settings)), ...libraries() },
    commit,
  };
}

async function servers(settings: Settings): Promise<Record<string, string>> {
  const [postgres, redis, rabbitmq, mongodb] = await Promise.all([
    postgresVersion(settings.ENDPUT_DATABASE_URL),
    redisVersion(settings.REDIS_URL),
    rabbitmqVersion(settings.RABBITMQ_MANAGEMENT_URL),
    mongodbVersion(settings.MONGODB_URL),
  ]);
  return { PostgreSQL: postgres, Redis: redis, RabbitMQ: rabbitmq, MongoDB: mongodb };
}

async function postgresVersion(url: string): Promise<string> {
  const postgres = openPostgres({ url, applicationName: 'bench', max: 1 });
  const [row] = await postgres.query<{ server_version: string }>('SHOW server_version');
  await postgres.close();
  return row?.server_version.split(' ')[0] ?? 'unknown';
}

async function redisVersion(url: string): Promise<string> {
  const redis = new Redis(url);
  const info = await redis.info('server');
  await redis.quit();
  return /^redis_version:(.+)$/m.exec(info)?.[1]?.trim() ?? 'unknown';
}

async function rabbitmqVersion(url: string): Promise<string> {
  const { username, password, origin } = new URL(url);
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const response = await fetch(`${origin}/api/overview`, { headers: { authorization } });
  const overview = (await response.json()) as { rabbitmq_version: string; erlang_version: string };
  return `${overview.rabbitmq_version} (Erlang ${overview.erlang_version})`;
}

async function mongodbVersion(url: string): Promise<string> {
  const client = new MongoClient(url);
  const { version } = await client.db().admin().serverInfo();
  await client.close();
  return String(version);
}

/** What was measured beside Esteira, as installed. */
function libraries(): Record<string, string> {
  const { dependencies } = createRequire(import.meta.url)('../package.json') as {
    dependencies: Record<string, string>;
  };
  const compared = ['amqplib', 'bullmq', 'graphile-worker', 'pg-boss', 'rascal'];
  return Object.fromEntries(compared.map((name) => [name, dependencies[name] ?? 'unknown']));
}

function distribution(): string {
  const text = readFileSync(join('/etc', 'os-release'), 'utf8');
  return /^PRETTY_NAME="?([^"\n]+)/m.exec(text)?.[1] ?? 'Linux';
}
