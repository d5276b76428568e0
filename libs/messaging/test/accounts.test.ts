import { administrationOf, freshName, serverSetting } from '@esteira/tests/support';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hasDelayedExchange, openManagement, virtualHostOf } from '../src/index.ts';
import { connected } from './support/stage.ts';

/** An account and a virtual host of these names, and the URLs that name them, percent-encoded. */
async function account(user: string, password: string, vhost: string) {
  const server = serverSetting('RABBITMQ_URL');
  const { ask } = administrationOf(server);
  const [pathUser, pathVhost] = [encodeURIComponent(user), encodeURIComponent(vhost)];
  await ask('PUT', `vhosts/${pathVhost}`, {});
  await ask('PUT', `users/${pathUser}`, { password, tags: 'management' });
  await ask('PUT', `permissions/${pathVhost}/${pathUser}`, { configure: '.*', write: '.*', read: '.*' });
  onTestFinished(async () => {
    await ask('DELETE', `users/${pathUser}`);
    await ask('DELETE', `vhosts/${pathVhost}`);
  });
  const named = (base: string) => {
    const url = new URL(base);
    [url.username, url.password] = [pathUser, encodeURIComponent(password)];
    return url;
  };
  const amqp = named(server);
  amqp.pathname = `/${pathVhost}`;
  return { amqp: amqp.href, management: named(serverSetting('RABBITMQ_MANAGEMENT_URL')).href };
}

describe('an account', () => {
  it.each([
    ['a password that is not ASCII', () => freshName('u'), 'paß wörd ação 密码 🔑', () => freshName('v')],
    ['a password of what has a meaning in URLs', () => freshName('u'), 'a/b@c:d%20?e#f&g+h', () => freshName('v')],
    ['a user that is not ASCII', () => `Jürgen ${freshName('ção')}`, 'x', () => freshName('v')],
    [
      'a virtual host that is not ASCII, with a slash and spaces',
      () => freshName('u'),
      'x',
      () => `/ä b/${freshName('%')}`,
    ],
  ])('with %s is understood over AMQP and by the management API', async (_what, user, password, vhost) => {
    const name = vhost();
    const { amqp, management } = await account(user(), password, name);
    expect(virtualHostOf(amqp)).toBe(name);
    const broker = await connected(amqp);
    const channel = await broker.channel();
    await channel.assertQueue('q', { durable: true });
    await channel.close();
    await broker.close();
    expect(typeof (await hasDelayedExchange(amqp))).toBe('boolean');
    expect((await openManagement(management, amqp).queues()).map((queue) => queue.name)).toEqual(['q']);
  });
});
