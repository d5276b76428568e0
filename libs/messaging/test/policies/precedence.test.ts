import type { Channel } from 'amqplib';
import { administrationOf, freshName, type Administration, type Policy } from '@esteira/tests/support';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { isAtLeast, openStage, patient, type Stage } from '../support/stage.ts';

// What docs/operations.md says of policies and arguments stands here, for quorum queues.

let stage: Stage;
let administration: Administration;
let queue: string;

beforeAll(async () => {
  stage = await openStage();
  administration = administrationOf(stage.url);
});

afterAll(() => stage.close());

beforeEach(() => {
  queue = freshName('q');
});

afterEach(() => administration.removeAllPolicies());

/** A quorum queue with arguments, under a policy. */
async function queueUnder(definition: Policy['definition'], args: Policy['definition']): Promise<void> {
  await administration.setPolicy('p', { pattern: `^${queue}$`, definition, 'apply-to': 'queues' });
  await on(async (channel) => {
    await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum', ...args } });
  });
}

async function on<T>(work: (channel: Channel) => Promise<T>): Promise<T> {
  const channel = await stage.broker.channel();
  try {
    return await work(channel);
  } finally {
    await channel.close().catch(() => undefined); // A refusal has closed it.
  }
}

/** Publishes one after the other; how many were confirmed. */
async function publish(count: number): Promise<number> {
  const channel = await stage.broker.confirmChannel();
  let confirmed = 0;
  for (let index = 0; index < count; index += 1) {
    channel.sendToQueue(queue, Buffer.from(String(index)), { persistent: true });
    await channel.waitForConfirms().then(
      () => (confirmed += 1),
      () => undefined, // Refused.
    );
  }
  await channel.close();
  return confirmed;
}

const depth = (of = queue) => on(async (channel) => (await channel.checkQueue(of)).messageCount);

const untilDepth = (count: number, of = queue) =>
  vi.waitFor(async () => {
    expect(await depth(of)).toBe(count);
  }, patient);

/** A queue that gets what is dead-lettered to an exchange of its name, by any key. */
async function deadLetterTarget(): Promise<string> {
  const name = freshName('dlx');
  await on(async (channel) => {
    await channel.assertExchange(name, 'fanout');
    await channel.assertQueue(name, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    await channel.bindQueue(name, name, '');
  });
  return name;
}

const reject = () =>
  on(async (channel) => {
    const message = await channel.get(queue);
    if (message === false) throw new Error('There is nothing to reject.');
    channel.reject(message, false);
  });

const crash = () =>
  on(async (channel) => {
    await channel.get(queue);
  });

describe('of a policy and an argument', () => {
  it.each([
    [60_000, 200],
    [200, 60_000],
  ])('the shorter message-ttl is in force (argument %d, policy %d)', async (argument, policy) => {
    await queueUnder({ 'message-ttl': policy }, { 'x-message-ttl': argument });
    await publish(3);
    await untilDepth(0);
  });

  it.each([
    [100, 2],
    [2, 100],
  ])('the smaller max-length is in force (argument %d, policy %d)', async (argument, policy) => {
    await queueUnder({ 'max-length': policy }, { 'x-max-length': argument });
    expect(await publish(10)).toBe(10);
    await untilDepth(2);
  });

  it.each([
    [5_000, 100],
    [100, 5_000],
  ])('the smaller max-length-bytes is in force (argument %d, policy %d)', async (argument, policy) => {
    await queueUnder({ 'max-length-bytes': policy }, { 'x-max-length-bytes': argument });
    expect(await publish(1_000)).toBe(1_000);
    await vi.waitFor(async () => {
      expect(await depth()).toBeLessThanOrEqual(100);
    }, patient);
  });

  it('an expires of the policy is in force where it is the shorter one', async () => {
    await queueUnder({ expires: 500 }, { 'x-expires': 60_000 });
    await vi.waitFor(async () => {
      const queues = (await administration.ask('GET', `queues/${administration.vhost}`)) as { name: string }[];
      expect(queues.map(({ name }) => name)).not.toContain(queue);
    }, patient);
  });

  it.each([
    [1_000, 2],
    [2, 1_000],
  ])('the lower delivery-limit is in force (argument %d, policy %d)', async (argument, policy) => {
    await queueUnder({ 'delivery-limit': policy }, { 'x-delivery-limit': argument });
    await publish(1);
    for (let returns = 0; returns < 3; returns += 1) {
      await untilDepth(1);
      await crash();
    }
    await untilDepth(0);
  });

  it('a delivery-limit of -1 in a policy is refused by RabbitMQ 3.10, and leaves the argument in force later', async () => {
    const mayBeSet = await isAtLeast(stage, 4, 0);
    const declaring = queueUnder({ 'delivery-limit': -1 }, { 'x-delivery-limit': 2 });
    if (!mayBeSet) {
      await expect(declaring).rejects.toThrow(/-1 is not a valid delivery limit/);
      return;
    }
    await declaring;
    await publish(1);
    for (let returns = 0; returns < 3; returns += 1) {
      await untilDepth(1);
      await crash();
    }
    await untilDepth(0);
  });

  it('the overflow of the policy is in force: drop-head drops what reject-publish would keep', async () => {
    await queueUnder({ overflow: 'drop-head', 'max-length': 2 }, { 'x-overflow': 'reject-publish' });
    expect(await publish(10)).toBe(10);
    await untilDepth(2);
  });

  it('the overflow of the policy is in force: reject-publish refuses what drop-head would take', async () => {
    await queueUnder({ overflow: 'reject-publish', 'max-length': 2 }, { 'x-overflow': 'drop-head' });
    expect(await publish(10)).toBeLessThan(10);
    const first = await on(async (channel) => channel.get(queue));
    expect(first !== false && first.content.toString()).toBe('0');
  });

  it('the dead-letter-exchange of the argument is in force', async () => {
    const [argument, policy] = [await deadLetterTarget(), await deadLetterTarget()];
    await queueUnder({ 'dead-letter-exchange': policy }, { 'x-dead-letter-exchange': argument });
    await publish(1);
    await reject();
    await untilDepth(1, argument);
    expect(await depth(policy)).toBe(0);
  });

  it('a dead-letter-routing-key of the policy is in force where the argument names an exchange alone', async () => {
    const target = await deadLetterTarget();
    await queueUnder({ 'dead-letter-routing-key': 'elsewhere' }, { 'x-dead-letter-exchange': target });
    await publish(1);
    await reject();
    await untilDepth(1, target);
    const message = await on(async (channel) => channel.get(target));
    expect(message !== false && message.fields.routingKey).toBe('elsewhere');
  });

  it('the dead-letter-strategy of the argument is in force', async () => {
    const target = freshName('dlx');
    await on((channel) => channel.assertExchange(target, 'fanout'));
    await queueUnder(
      { 'dead-letter-strategy': 'at-most-once' },
      {
        'x-dead-letter-exchange': target,
        'x-dead-letter-strategy': 'at-least-once',
        'x-overflow': 'reject-publish',
      },
    );
    await publish(1);
    await reject();
    await untilDepth(0);
    // At most once would have dropped it: nothing took it then. At least once tries again (after 10 s, as configured).
    await on(async (channel) => {
      await channel.assertQueue(target, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
      await channel.bindQueue(target, target, '');
    });
    await untilDepth(1, target);
  });
});
