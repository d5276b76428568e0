import { mongodbAttemptLog } from '@esteira/attempt-log';
import { loadSettings } from '@esteira/settings';
import { connectBroker, openManagement } from '@esteira/messaging';
import { createLogger } from '@esteira/observability';
import { openPostgres } from '@esteira/postgres';
import { openRedis } from '@esteira/relay';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  freshDatabase,
  freshName,
  freshVirtualHost,
  serverSetting,
  startGuardedMongod,
  type GuardedMongod,
} from './support/index.ts';

const logger = createLogger({ name: 'test', level: 'silent' });
/** Every character that ends a part of a URL, or begins an encoding. */
const SPECIAL = `p/%2F%#?@:&=+;"'[]`;

let mongod: GuardedMongod;

beforeAll(async () => {
  mongod = await startGuardedMongod();
});

afterAll(() => mongod.stop());

/** The URL of a setting, with another account in it, as the settings hand it on. */
function settingAs(name: 'ENDPUT_DATABASE_URL' | 'REDIS_URL' | 'RABBITMQ_URL', url: string, user: string): string {
  const { protocol, host, pathname } = new URL(url);
  const account = `${encodeURIComponent(user)}:${encodeURIComponent(SPECIAL)}`;
  return loadSettings({ [name]: `${protocol}//${account}@${host}${pathname}` })[name];
}

describe('a user and password of special characters, encoded in the URL of a setting, arrive decoded', () => {
  it('at Postgres', async () => {
    const database = await freshDatabase('ENDPUT_DATABASE_URL');
    const admin = openPostgres({ url: database.url, applicationName: 'test', max: 1 });
    const user = `${freshName('u')}${SPECIAL}`;
    const quoted = `"${user.replaceAll('"', '""')}"`;
    await admin.query(`CREATE ROLE ${quoted} LOGIN PASSWORD '${SPECIAL.replaceAll("'", "''")}'`);
    const url = settingAs('ENDPUT_DATABASE_URL', database.url, user);
    const there = openPostgres({ url, applicationName: 'test', max: 1 });
    expect(await there.query('SELECT current_user AS me')).toEqual([{ me: user }]);
    await there.close();
    await admin.query(`DROP ROLE ${quoted}`);
    await admin.close();
    await database.drop();
  });

  it('at Redis', async () => {
    const admin = new Redis(serverSetting('REDIS_URL'));
    const user = `${freshName('u')}${SPECIAL}`;
    await admin.acl('SETUSER', user, 'on', `>${SPECIAL}`, '+@all', '~*');
    const there = openRedis(settingAs('REDIS_URL', serverSetting('REDIS_URL'), user), logger);
    await there.ready();
    const clients = (await admin.client('LIST')) as string;
    expect(clients).toContain(`user=${user} `);
    await there.close();
    await admin.acl('DELUSER', user);
    await admin.quit();
  });

  it('at RabbitMQ, over AMQP and at its management API', async () => {
    const vhost = await freshVirtualHost();
    const management = new URL(serverSetting('RABBITMQ_MANAGEMENT_URL'));
    const authorization = `Basic ${Buffer.from(`${management.username}:${management.password}`).toString('base64')}`;
    // A user's name stands in basic authentication, which ends it at a colon.
    const user = `${freshName('u')}${SPECIAL.replaceAll(':', '')}`;
    const put = async (path: string, body: unknown) => {
      const headers = { authorization, 'content-type': 'application/json' };
      const answer = await fetch(`${management.origin}/api/${path}`, {
        method: 'PUT',
        headers,
        body: JSON.stringify(body),
      });
      expect(answer.ok, `${path} ${answer.status}`).toBe(true);
    };
    const named = encodeURIComponent(user);
    await put(`users/${named}`, { password: SPECIAL, tags: 'administrator' });
    await put(`permissions${new URL(vhost.url).pathname}/${named}`, { configure: '.*', write: '.*', read: '.*' });
    const broker = await connectBroker({ url: settingAs('RABBITMQ_URL', vhost.url, user), name: 'test', logger });
    await broker.untilConnected(AbortSignal.timeout(30_000));
    await broker.close();
    const api = `http://${named}:${encodeURIComponent(SPECIAL)}@${management.host}`;
    const { RABBITMQ_MANAGEMENT_URL: url } = loadSettings({ RABBITMQ_MANAGEMENT_URL: api });
    expect(await openManagement(url, vhost.url).queues()).toEqual([]);
    await fetch(`${management.origin}/api/users/${named}`, { method: 'DELETE', headers: { authorization } });
    await vhost.drop();
  });

  it('at MongoDB', async () => {
    const { MONGODB_URL: url } = loadSettings({
      MONGODB_URL: await mongod.user(mongod.freshDatabase(), ['readWrite'], SPECIAL),
    });
    const log = mongodbAttemptLog({ url, applicationName: 'test', pipeline: 'orders', ttlSeconds: 600 });
    onTestFinished(() => log.close());
    expect(await log.prepare()).toEqual([]);
  });
});
