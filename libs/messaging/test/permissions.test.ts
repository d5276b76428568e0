import { administrationOf, freshName, type Administration } from '@esteira/tests/support';
import type { Pipeline } from '@esteira/pipeline';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  BrokerUnavailable,
  createPublisher,
  declareTopology,
  names,
  PermissionMissing,
  pipelineTopology,
  sift,
  TopologyMismatch,
  type Broker,
} from '../src/index.ts';
import {
  connected,
  consumeLane,
  declare,
  logger,
  messageOf,
  openStage,
  patient,
  recorder,
  type Stage,
} from './support/stage.ts';

let stage: Stage;
let administration: Administration;
let limited: Broker;
let user: string;
const pipeline: Pipeline = { name: 'p', types: [{ name: 't', schemaVersion: 1 }], lanes: ['primary'] };
const topology = pipelineTopology(pipeline);
const lane = names.lane(pipeline, 'primary');

beforeEach(async () => {
  stage = await openStage();
  administration = administrationOf(stage.url);
  user = freshName('u');
  await administration.ask('PUT', `users/${user}`, { password: 'x', tags: '' });
  await allow({ configure: '^$', write: '.*', read: '.*' });
  const url = new URL(stage.url);
  [url.username, url.password] = [user, 'x'];
  limited = await connected(url.href);
});

afterEach(async () => {
  await limited.close();
  await administration.ask('DELETE', `users/${user}`);
  await stage.close();
});

const allow = (permissions: Record<'configure' | 'write' | 'read', string>) =>
  administration.ask('PUT', `permissions/${administration.vhost}/${user}`, permissions);

const declaring = (broker = limited) => declareTopology(broker, topology, stage.management, logger);

describe('a user who may not declare', () => {
  it('needs nothing more where all of it is there', async () => {
    await declare(stage, topology);
    await declaring();
  });

  it('is told all that is missing, and what permission would help', async () => {
    const refused = declaring();
    await expect(refused).rejects.toThrow(TopologyMismatch);
    for (const { name } of [...topology.queues, ...topology.exchanges]) await expect(refused).rejects.toThrow(name);
    await expect(refused).rejects.toThrow(/permission configure/);
    expect(limited.connected).toBe(true);
  });

  it('is told so too where he has no permission at all', async () => {
    await allow({ configure: '^$', write: '^$', read: '^$' });
    const refused = declaring();
    await expect(refused).rejects.toThrow(TopologyMismatch);
    await expect(refused).rejects.toThrow(/permission configure, and write and read/);
  });

  it('is told of a binding that is missing', async () => {
    await declare(stage, topology);
    const channel = await stage.broker.channel();
    await channel.unbindQueue(lane, names.exchange(pipeline), 'primary');
    await allow({ configure: '^$', write: '^$', read: '.*' });
    await channel.close();
    await expect(declaring()).rejects.toThrow(/binding of queue p[.]primary to exchange esteira[.]p by "primary"/);
  });

  it('leaves no channel open, whatever is missing', async () => {
    await declare(stage, topology);
    const channel = await stage.broker.channel();
    await channel.unbindQueue(lane, names.exchange(pipeline), 'primary');
    await allow({ configure: '^$', write: '^$', read: '.*' });
    await channel.close();
    let [opened, closed] = [0, 0];
    const counting = new Proxy(limited, {
      get: (broker, property) => {
        if (property !== 'channel') return Reflect.get(broker, property, broker) as unknown;
        return async () => {
          const one = await broker.channel();
          opened += 1;
          return one.once('close', () => (closed += 1));
        };
      },
    });
    await expect(declaring(counting)).rejects.toThrow(TopologyMismatch);
    expect(opened).toBeGreaterThan(1);
    expect(closed).toBe(opened);
  });
});

/** What an error says of a permission that is missing. */
const missing = (permission: 'write' | 'read', on: string) =>
  new RegExp(
    `^User "${user}" has no permission ${permission} on ${on} in virtual host "${administration.vhost}" of RabbitMQ. ` +
      `Give it: rabbitmqctl set_permissions -p ${administration.vhost} ${user} .* ${permission.toUpperCase()} is a pattern`,
  );

describe('a user who may not', () => {
  beforeEach(() => declare(stage, topology));

  it('write is told so by a publisher, with what to do, and goes on once it is done', async () => {
    await allow({ configure: '^$', write: '^$', read: '.*' });
    const exchange = names.exchange(pipeline);
    const publish = createPublisher(limited, { exchange, mandatory: true, appId: 'test' });
    const refused = publish([messageOf(1)]);
    await expect(refused).rejects.toThrow(missing('write', `exchange ${exchange}`));
    // It is waited for as a broker that is away: it may be given at any time.
    await expect(refused).rejects.toThrow(PermissionMissing);
    await expect(refused).rejects.toThrow(BrokerUnavailable);
    await allow({ configure: '^$', write: '.*', read: '^$' });
    expect(await publish([messageOf(1)])).toEqual(['confirmed']);
  });

  it('read is told so by a consumer, with what to do, and goes on once it is done', async () => {
    await allow({ configure: '^$', write: '.*', read: '^$' });
    const { seen, handler } = recorder();
    const consumer = consumeLane(limited, pipeline, handler);
    await vi.waitFor(() => {
      if (consumer.state.kind !== 'backing-off') throw new Error(`It is ${consumer.state.kind}.`);
      expect(consumer.state.fault.message).toMatch(missing('read', `queue ${lane}`));
    }, patient);
    await createPublisher(stage.broker, { exchange: names.exchange(pipeline), mandatory: true, appId: 'test' })([
      messageOf(1),
    ]);
    await allow({ configure: '^$', write: '^$', read: '.*' });
    await vi.waitFor(() => {
      expect(seen).toHaveLength(1);
    }, patient);
    await consumer.stop(60_000);
  });

  it('read is told so by a pass over a queue', async () => {
    await allow({ configure: '^$', write: '.*', read: '^$' });
    const queue = names.deadLetterQueue(pipeline);
    const channel = await stage.broker.channel();
    channel.sendToQueue(queue, Buffer.from('x'));
    await channel.close();
    await vi.waitFor(async () => {
      const pass = sift(limited, queue, (all) => Promise.resolve(all.map(() => false)));
      await expect(pass).rejects.toThrow(missing('read', `queue ${queue}`));
    }, patient);
  });
});

describe('a virtual host', () => {
  it('with too low a limit of queues is told apart from queues that differ', async () => {
    await administration.ask('PUT', `vhost-limits/${administration.vhost}/max-queues`, { value: 1 });
    const refused = declaring(stage.broker);
    await expect(refused).rejects.toThrow(/Raise the limit of the virtual host/);
    await expect(refused).rejects.not.toThrow(/run empty/);
  });

  it.each(['classic', 'quorum', 'stream'])('whose queues are %s by default changes nothing', async (type) => {
    await administration.ask('PUT', `vhosts/${administration.vhost}`, { default_queue_type: type });
    await declaring(stage.broker);
    await declaring(stage.broker);
  });

  it('in which a connection has the name of a queue for itself is said to be so', async () => {
    const other = await connected(stage.url);
    const channel = await other.channel();
    await channel.assertQueue(lane, { exclusive: true, durable: false });
    await expect(declaring(stage.broker)).rejects.toThrow(/for itself alone|other arguments|durable/);
    await other.close();
  });

  it('in which somebody else has a classic queue of the name of ours is said to be so, and that queue is let be', async () => {
    const channel = await stage.broker.channel();
    await channel.assertQueue(lane, { durable: true, arguments: { 'x-queue-type': 'classic' } });
    channel.sendToQueue(lane, Buffer.from('theirs'));
    await channel.close();
    const refused = declaring(stage.broker);
    await expect(refused).rejects.toThrow(TopologyMismatch);
    await expect(refused).rejects.toThrow(/inequivalent arg '.*' for queue 'p[.]primary'/);
    await expect(refused).rejects.toThrow(/somebody else's, give Esteira a virtual host of its own/);
    const theirs = await stage.broker.channel();
    const message = await theirs.get(lane);
    expect(message !== false && message.content.toString()).toBe('theirs');
    await theirs.close();
  });

  it('in which an exchange has another type is said to be so', async () => {
    const channel = await stage.broker.channel();
    await channel.assertExchange(names.exchange(pipeline), 'topic', { durable: true });
    await channel.close();
    await expect(declaring(stage.broker)).rejects.toThrow(/inequivalent arg 'type' for exchange 'esteira[.]p'/);
  });
});
