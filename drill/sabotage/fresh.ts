import { randomBytes } from 'node:crypto';
import type { Settings } from '@esteira/settings';
import { createLogger } from '@esteira/observability';
import { openPostgres } from '@esteira/postgres';
import { openRedis } from '@esteira/relay';

/** Settings that name empty databases and queues on these servers: one drill leaves nothing to the next. */
export async function freshSettings(settings: Settings): Promise<Record<string, string>> {
  const name = `t_${randomBytes(5).toString('hex')}`;
  const databases = Object.entries({
    ENDPUT_DATABASE_URL: settings.ENDPUT_DATABASE_URL,
    ...Object.fromEntries(settings.systems.map(({ databaseUrl }, i) => [`SYSTEM${i + 1}_DATABASE_URL`, databaseUrl])),
  });
  for (const [, url] of databases) {
    const admin = openPostgres({ url, applicationName: 'tests', max: 1 });
    await admin.query(`create database ${name}`);
    await admin.close();
  }
  await createVirtualHost(settings, name);
  const redis = openRedis(settings.REDIS_URL, createLogger({ name: 'tests', level: 'silent' }));
  await redis.script(`return redis.call('FLUSHALL')`, 'any');
  await redis.close();
  return {
    ...Object.fromEntries(databases.map(([setting, url]) => [setting, withPath(url, name)])),
    RABBITMQ_URL: withPath(settings.RABBITMQ_URL, name),
    MONGODB_URL: withPath(settings.MONGODB_URL, name),
  };
}

function withPath(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

async function createVirtualHost(
  { RABBITMQ_MANAGEMENT_URL: url, RABBITMQ_URL: broker }: Settings,
  name: string,
): Promise<void> {
  const { origin, username, password } = new URL(url);
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const put = async (path: string, body: object) => {
    const headers = { authorization, 'content-type': 'application/json' };
    const answer = await fetch(`${origin}/api/${path}`, { method: 'PUT', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`PUT ${path} was answered ${answer.status}`);
  };
  await put(`vhosts/${name}`, {});
  await put(`permissions/${name}/${new URL(broker).username}`, { configure: '.*', write: '.*', read: '.*' });
}
