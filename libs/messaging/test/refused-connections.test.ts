import { administrationOf, freshName, type Administration } from '@esteira/tests/support';
import { afterAll, beforeAll, expect, describe, it, onTestFinished, vi } from 'vitest';
import { connectBroker } from '../src/index.ts';
import { logger, openStage, patient, type Stage } from './support/stage.ts';

let stage: Stage;
let administration: Administration;

beforeAll(async () => {
  stage = await openStage();
  administration = administrationOf(stage.url);
});

afterAll(() => stage.close());

/** A user with all permissions, and the URL that signs in as it. */
async function freshUser(): Promise<{ user: string; url: URL }> {
  const user = freshName('u');
  const all = { configure: '.*', write: '.*', read: '.*' };
  await administration.ask('PUT', `users/${user}`, { password: 'x', tags: '' });
  await administration.ask('PUT', `permissions/${administration.vhost}/${user}`, all);
  onTestFinished(async () => {
    await administration.ask('DELETE', `users/${user}`);
  });
  const url = new URL(stage.url);
  [url.username, url.password] = [user, 'x'];
  return { user, url };
}

async function connectionTo(url: URL) {
  const broker = await connectBroker({ url: url.href, name: 'test', logger });
  onTestFinished(() => broker.close());
  return broker;
}

/** What is said of a connection that is refused. */
async function untilSaid(url: URL, words: RegExp): Promise<void> {
  const broker = await connectionTo(url);
  await vi.waitFor(() => {
    expect(broker.unreachable).toMatch(words);
  }, patient);
  expect(broker.connected).toBe(false);
}

const refusing = (vhost: string, user: string) =>
  new RegExp(
    `RabbitMQ refuses virtual host "${vhost}" to user "${user}": it is not there .* no permissions .* as many connections`,
  );

describe('a connection that RabbitMQ refuses is told of with the reason', () => {
  it('a wrong password', async () => {
    const { user, url } = await freshUser();
    url.password = 'wrong';
    await untilSaid(url, new RegExp(`RabbitMQ refuses user "${user}", or its password is wrong`));
  });

  it('a virtual host that is not there, and it is taken up once it is', async () => {
    const { user, url } = await freshUser();
    const vhost = freshName('v');
    url.pathname = `/${vhost}`;
    const broker = await connectionTo(url);
    await vi.waitFor(() => {
      expect(broker.unreachable).toMatch(refusing(vhost, user));
    }, patient);
    await administration.ask('PUT', `vhosts/${vhost}`, {});
    onTestFinished(async () => {
      await administration.ask('DELETE', `vhosts/${vhost}`);
    });
    await administration.ask('PUT', `permissions/${vhost}/${user}`, { configure: '', write: '', read: '' });
    await broker.untilConnected();
  });

  it('a user without permissions in the virtual host', async () => {
    const { user, url } = await freshUser();
    await administration.ask('DELETE', `permissions/${administration.vhost}/${user}`);
    await untilSaid(url, refusing(administration.vhost, user));
  });

  it('as many connections of a user as it may have', async () => {
    const { user, url } = await freshUser();
    await administration.ask('PUT', `user-limits/${user}/max-connections`, { value: 0 });
    await untilSaid(url, refusing(administration.vhost, user));
  });

  it('as many connections of a virtual host as it may have', async () => {
    const { user, url } = await freshUser();
    await administration.ask('PUT', `vhost-limits/${administration.vhost}/max-connections`, { value: 0 });
    onTestFinished(async () => {
      await administration.ask('DELETE', `vhost-limits/${administration.vhost}/max-connections`);
    });
    await untilSaid(url, refusing(administration.vhost, user));
  });
});
