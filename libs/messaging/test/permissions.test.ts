import { administrationOf, freshName, type Administration } from '@esteira/tests/support';
import type { Pipeline } from '@esteira/pipeline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { declareTopology, names, pipelineTopology, TopologyMismatch, type Broker } from '../src/index.ts';
import { connected, declare, logger, openStage, type Stage } from './support/stage.ts';

let stage: Stage;
let administration: Administration;
let limited: Broker;
let user: string;
const pipeline: Pipeline = { name: 'p', type: 't', schemaVersion: 1, lanes: ['primary'] };
const topology = pipelineTopology(pipeline);
const lane = names.lane(pipeline, 'primary');

beforeEach(async () => {
  stage = await openStage();
  administration = administrationOf(stage.url);
  user = freshName('u');
  await administration.ask('PUT', `users/${user}`, { password: 'x', tags: '' });
  await allow({ configure: '^$', write: '^$', read: '^$' });
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

  it('is told of a binding that is missing', async () => {
    await declare(stage, topology);
    const channel = await stage.broker.channel();
    await channel.unbindQueue(lane, names.exchange(pipeline), 'primary');
    await channel.close();
    await expect(declaring()).rejects.toThrow(/binding of queue p[.]primary to exchange esteira[.]p by "primary"/);
  });

  it('leaves no channel open, whatever is missing', async () => {
    await declare(stage, topology);
    const channel = await stage.broker.channel();
    await channel.unbindQueue(lane, names.exchange(pipeline), 'primary');
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

  it('in which an exchange has another type is said to be so', async () => {
    const channel = await stage.broker.channel();
    await channel.assertExchange(names.exchange(pipeline), 'topic', { durable: true });
    await channel.close();
    await expect(declaring(stage.broker)).rejects.toThrow(/inequivalent arg 'type' for exchange 'esteira[.]p'/);
  });
});
