import { randomBytes } from 'node:crypto';
import { openPostgres } from '@esteira/postgres';
import { inject } from 'vitest';

/** Addresses of servers, by the names of the settings. */
export type ServerSettings = Readonly<Record<string, string>>;

/** A setting of the private servers of this run, or of others. */
export function serverSetting(name: string, servers: ServerSettings = inject('env')): string {
  const value = servers[name];
  if (value === undefined) throw new Error(`The test servers have no ${name}`);
  return value;
}

/** A short name nobody else has. */
export function freshName(prefix: string): string {
  return `${prefix}_${randomBytes(5).toString('hex')}`;
}

/** Something made for one test file, and how to remove it. */
export interface Fresh {
  readonly url: string;
  drop(): Promise<void>;
}

/** A new database on the server of a setting, for example `ENDPUT_DATABASE_URL`. */
export async function freshDatabase(setting: string, servers?: ServerSettings): Promise<Fresh> {
  const server = serverSetting(setting, servers);
  const admin = openPostgres({ url: server, applicationName: 'tests', max: 1 });
  const name = freshName('t');
  await admin.query(`CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: async () => {
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await admin.close();
    },
  };
}

/** A new virtual host on the broker. Its deletion takes everything in it along. */
export async function freshVirtualHost(servers?: ServerSettings): Promise<Fresh> {
  const name = freshName('t');
  const management = managementOf(servers);
  await management('PUT', `/api/vhosts/${name}`, {});
  const { username } = new URL(serverSetting('RABBITMQ_URL', servers));
  await management('PUT', `/api/permissions/${name}/${username}`, { configure: '.*', write: '.*', read: '.*' });
  const url = new URL(serverSetting('RABBITMQ_URL', servers));
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => management('DELETE', `/api/vhosts/${name}`) };
}

/** A new MongoDB database; it exists from its first write on. */
export function freshMongoUrl(servers?: ServerSettings): string {
  const url = new URL(serverSetting('MONGODB_URL', servers));
  url.pathname = `/${freshName('t')}`;
  return url.href;
}

function managementOf(servers?: ServerSettings) {
  const { username, password, origin } = new URL(serverSetting('RABBITMQ_MANAGEMENT_URL', servers));
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  return async (method: string, path: string, body?: unknown): Promise<void> => {
    const response = await fetch(`${origin}${path}`, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}`);
  };
}
