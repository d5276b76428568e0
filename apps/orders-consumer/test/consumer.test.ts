import { mongodbAttemptLog, type AttemptLog } from '@esteira/attempt-log';
import { loadSettings, type Settings } from '@esteira/settings';
import {
  connectBroker,
  createPublisher,
  declareTopology,
  joined,
  laneDepth,
  names,
  openManagement,
  pipelineTopology,
  waitQueueTopology,
  type Broker,
} from '@esteira/messaging';
import { createLogger, createMetrics } from '@esteira/observability';
import {
  attemptsRequired,
  messageIds,
  orderMessages,
  ordersPipeline,
  type Order,
  type Verifier,
} from '@esteira/orders/domain';
import { simulatedVerifier } from '@esteira/orders/verifiers';
import { HEADER, type OutgoingMessage, type Publish } from '@esteira/pipeline';
import { openPostgres, type Postgres } from '@esteira/postgres';
import { freshDatabase, freshMongoUrl, freshVirtualHost, serverSetting, type Fresh } from '@esteira/tests/support';
import { patient } from '@esteira/tests/patience';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startOrdersConsumer, type OrdersConsumer } from '../src/app.ts';

const logger = createLogger({ name: 'test', level: 'silent' });
const RETRY_DELAY_MS = 100;
/** Orders of its own that a quiet `untilQueuesAreEmpty` takes. */
const FENCES = 2;

let vhost: Fresh;
let database: Fresh;
let settings: Settings;
let endput: Postgres;
let broker: Broker;
let publish: Publish;
let log: AttemptLog;
let running: OrdersConsumer[] = [];

beforeAll(async () => {
  vhost = await freshVirtualHost();
  database = await freshDatabase('ENDPUT_DATABASE_URL');
  settings = loadSettings({
    SYSTEMS: 'system-1,system-2',
    RABBITMQ_URL: vhost.url,
    RABBITMQ_MANAGEMENT_URL: serverSetting('RABBITMQ_MANAGEMENT_URL'),
    ENDPUT_DATABASE_URL: database.url,
    MONGODB_URL: freshMongoUrl(),
    RETRY_DELAY_MS: String(RETRY_DELAY_MS),
  });
  endput = openPostgres({ url: database.url, applicationName: 'test' });
  broker = await connectBroker({ url: vhost.url, name: 'test', logger });
  await broker.untilConnected();
  const topology = joined(pipelineTopology(ordersPipeline), waitQueueTopology(ordersPipeline, [RETRY_DELAY_MS]));
  await declareTopology(broker, topology, openManagement(settings.RABBITMQ_MANAGEMENT_URL, vhost.url), logger);
  publish = createPublisher(broker, { exchange: names.exchange(ordersPipeline), mandatory: true, appId: 'test' });
  log = mongodbAttemptLog({
    url: settings.MONGODB_URL,
    applicationName: 'test',
    pipeline: ordersPipeline.name,
    ttlSeconds: settings.ATTEMPT_LOG_TTL_SECONDS,
  });
});

afterEach(async () => {
  await Promise.all(running.map((consumer) => consumer.stop(60_000)));
  running = [];
});

afterAll(async () => {
  await log.clear(ordersPipeline.name);
  await Promise.all([log.close(), endput.close(), broker.close()]);
  await Promise.all([vhost.drop(), database.drop()]);
});

async function start(verifier: Verifier = simulatedVerifier, number = 1): Promise<OrdersConsumer> {
  const worker = `consumer-${number}@test`;
  const consumer = await startOrdersConsumer({ settings, verifier, logger, metrics: createMetrics({}), worker });
  running.push(consumer);
  return consumer;
}

let nextId = 1;
/** Orders with ids nobody had before. */
const orders = (count: number, securityCheck: boolean): Order[] =>
  Array.from({ length: count }, () => ({
    id: String(nextId++),
    product: '2 CDs',
    price: '29.33',
    created_at: '1997-01-01T00:00:00.123456+00:00',
    security_check: securityCheck,
  }));

const toMessage = orderMessages({ system: 'system-1', database: 'd', schema: 'public', table: 'orders' });
const messageOf = (order: Order, maxAttempts = 5): OutgoingMessage => toMessage(order, { maxAttempts });
const idOf = messageIds('system-1');
const idsOf = (all: readonly Order[]) => all.map(({ id }) => idOf(id));

const stored = async (all: readonly Order[]) =>
  endput.query<{ message_id: string; attempts: number }>(
    'SELECT message_id, attempts FROM orders WHERE message_id = ANY($1::uuid[])',
    [idsOf(all)],
  );
interface DeadRow {
  message_id: string;
  state: string;
  reason: string;
  error: { code: string };
  attempts: { attempt: number; error: unknown }[];
  body: Buffer;
}
const deadIn = async (where: string, values: unknown[]) =>
  endput.query<DeadRow>(
    `SELECT message_id, state, reason, error, attempts, body FROM dead_letters WHERE ${where}`,
    values,
  );
const dead = (all: readonly Order[]) => deadIn('message_id = ANY($1::uuid[])', [idsOf(all)]);

async function untilAtRest(all: readonly Order[]): Promise<void> {
  await vi.waitFor(async () => {
    const open = (await dead(all)).filter(({ state }) => state === 'dead');
    expect((await stored(all)).length + open.length).toBe(all.length);
  }, patient);
}

/**
 * Waits until every copy has been dealt with: an order published behind them is at rest, and lane and wait queue are
 * empty by the broker's exact counts, twice in a row.
 */
async function untilQueuesAreEmpty(): Promise<void> {
  for (let quiet = 0; quiet < 2;) {
    const fence = orders(1, true);
    await publish([messageOf(fence[0]!, 1)]);
    await untilAtRest(fence);
    const channel = await broker.channel();
    const waiting = await channel.checkQueue(names.waitQueue(ordersPipeline, RETRY_DELAY_MS));
    await channel.close();
    quiet = waiting.messageCount + (await laneDepth(broker, ordersPipeline)) === 0 ? quiet + 1 : 0;
  }
}

describe('P positive and N negative orders', () => {
  it('come to P stored, N dead letters, and exactly the attempts they ask for', async () => {
    await start();
    const good = orders(300, true);
    const bad = orders(60, false);
    const all = [...good, ...bad];
    await publish(all.map((order) => messageOf(order)));
    await untilAtRest(all);
    const required = good.map(({ id }) => attemptsRequired(idOf(id), true, 5));
    const rows = await stored(good);
    expect(new Map(rows.map((row) => [row.message_id, row.attempts]))).toEqual(
      new Map(good.map(({ id }, index) => [idOf(id), required[index]])),
    );
    const letters = await dead(bad);
    expect(letters).toHaveLength(60);
    for (const letter of letters) {
      expect(letter.reason).toBe('attempts-exhausted');
      expect(letter.attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5]);
      expect(letter.attempts.every(({ error }) => error !== null)).toBe(true);
    }
    const attempts = required.reduce((sum, n) => sum + n, 0) + 60 * 5;
    await vi.waitFor(async () => {
      expect(await log.ofMessages(idsOf(all))).toHaveLength(attempts);
    }, patient);
    await untilQueuesAreEmpty();
  });

  it('are attempted as often as the message says, not the setting', async () => {
    await start();
    const [twice] = orders(1, false);
    await publish([messageOf(twice!, 2)]);
    await untilAtRest([twice!]);
    expect((await dead([twice!]))[0]?.attempts).toHaveLength(2);
  });

  it('read in the log as people are told', async () => {
    await start();
    const [bad] = orders(1, false);
    await publish([messageOf(bad!, 2)]);
    await untilAtRest([bad!]);
    await vi.waitFor(async () => {
      const entries = await log.ofMessages(idsOf([bad!]));
      expect(entries.map(({ info, status }) => [info, status])).toEqual([
        ['It was not successful at the 1 attempt.', 'failed'],
        ['FAIL to process message - will send to DLQ. Attempt: 2/2', 'dead-lettered'],
      ]);
    }, patient);
  });
});

describe('a copy of a message', () => {
  it('that is at rest changes nothing, and its verifier is not run', async () => {
    let runs = 0;
    await start({ name: 'counting', verify: (...args) => (runs++, simulatedVerifier.verify(...args)) });
    const all = [...orders(50, true), ...orders(10, false)];
    await publish(all.map((order) => messageOf(order)));
    await untilAtRest(all);
    await untilQueuesAreEmpty();
    const before = { runs, log: (await log.ofMessages(idsOf(all))).length, rows: await stored(all) };
    expect(before.runs).toBe(before.log + FENCES);
    await publish(all.map((order) => messageOf(order)));
    await publish(all.map((order) => messageOf(order)));
    await untilQueuesAreEmpty();
    const after = { runs: runs - FENCES, log: (await log.ofMessages(idsOf(all))).length, rows: await stored(all) };
    expect(after).toEqual(before);
    expect(await dead(all)).toHaveLength(10);
  });

  it('that is on its way too spends no second attempt, with two consumers and three copies', async () => {
    await Promise.all([start(simulatedVerifier, 1), start(simulatedVerifier, 2)]);
    const all = orders(100, true);
    for (let copy = 0; copy < 3; copy += 1) await publish(all.map((order) => messageOf(order)));
    await untilAtRest(all);
    await untilQueuesAreEmpty();
    for (const { message_id, attempts } of await stored(all)) {
      expect(attempts).toBe(attemptsRequired(message_id, true, 5));
      const entries = await log.ofMessages([message_id]);
      expect(entries.map(({ attempt }) => attempt)).toEqual(Array.from({ length: attempts }, (_, index) => index + 1));
    }
  });

  it('never makes a message both stored and dead, with a verifier that answers by chance', async () => {
    const tosses = fc.sample(fc.boolean(), { seed: 7, numRuns: 2_000 }).values();
    const chance: Verifier = {
      name: 'coin',
      verify: () =>
        tosses.next().value === true
          ? { kind: 'succeeded' }
          : { kind: 'retry', error: { code: 'tails', message: 'tails' } },
    };
    await Promise.all([start(chance, 1), start(chance, 2)]);
    const all = orders(200, true);
    for (let copy = 0; copy < 3; copy += 1) await publish(all.map((order) => messageOf(order, 2)));
    await untilAtRest(all);
    await untilQueuesAreEmpty();
    const rows = await stored(all);
    const open = (await dead(all)).filter(({ state }) => state === 'dead');
    expect(rows.length + open.length).toBe(200);
    expect(rows.filter((row) => open.some(({ message_id }) => message_id === row.message_id))).toEqual([]);
  });
});

describe('a message that can never succeed', () => {
  const [good] = orders(1, true);
  const message = messageOf(good!);
  const body = JSON.parse(Buffer.from(message.body).toString()) as { order: Record<string, unknown>; origin: object };
  const withBody = (value: unknown): OutgoingMessage => ({ ...message, body: Buffer.from(JSON.stringify(value)) });
  const without = (header: string): OutgoingMessage => ({
    ...message,
    headers: Object.fromEntries(Object.entries(message.headers).filter(([name]) => name !== header)),
  });
  const poison: [string, string, OutgoingMessage][] = [
    ['is not JSON', 'invalid-not-json', { ...message, body: Buffer.from('{"a":') }],
    ['is not UTF-8', 'invalid-not-json', { ...message, body: Buffer.from([0xff, 0xfe]) }],
    ['is nested too deep', 'invalid-not-json', { ...message, body: Buffer.from('['.repeat(200_000)) }],
    ['is an empty body', 'invalid-not-json', { ...message, body: Buffer.alloc(0) }],
    ['has a field of a wrong type', 'invalid-schema', withBody({ ...body, order: { ...body.order, price: 29.33 } })],
    [
      'has a day that does not exist',
      'invalid-schema',
      withBody({ ...body, order: { ...body.order, created_at: '2021-02-31T00:00:00Z' } }),
    ],
    ['has a forged id', 'invalid-forged-id', withBody({ ...body, order: { ...body.order, id: '424242' } })],
    [
      'has an id beyond 63 bits',
      'invalid-forged-id',
      withBody({ ...body, order: { ...body.order, id: '9999999999999999999' } }),
    ],
    [
      'names an unknown system',
      'invalid-unknown-system',
      withBody({ ...body, origin: { ...body.origin, system: 'nowhere' } }),
    ],
    ['has an unknown type', 'invalid-type', { ...message, type: 'order.cancelled' }],
    ['lacks a header', 'invalid-headers', without(HEADER.maxAttempts)],
    [
      'has a negative attempt',
      'invalid-headers',
      { ...message, headers: { ...message.headers, [HEADER.attempt]: -1 } },
    ],
  ];

  it.each(poison)('because it %s is a dead letter at once, bytes unchanged', async (_, code, bad) => {
    await endput.query('DELETE FROM dead_letters');
    await start();
    const neighbours = orders(20, true);
    await publish([messageOf(neighbours[0]!), bad, ...neighbours.slice(1).map((order) => messageOf(order))]);
    await untilAtRest(neighbours);
    await vi.waitFor(async () => {
      expect(await deadIn('true', [])).toHaveLength(1);
    }, patient);
    const [letter] = await deadIn('true', []);
    expect(letter).toMatchObject({ state: 'dead', reason: 'invalid', error: { code }, attempts: [] });
    expect(letter?.body.equals(Buffer.from(bad.body))).toBe(true);
  });

  it('because the endput refuses its data is a dead letter, and its neighbours are stored', async () => {
    await start({ name: 'yes', verify: () => ({ kind: 'succeeded' }) });
    const neighbours = orders(20, true);
    const [nul] = orders(1, true);
    const batch = [...neighbours.slice(0, 10), { ...nul!, product: 'a\0b' }, ...neighbours.slice(10)];
    await publish(batch.map((order) => messageOf(order)));
    await untilAtRest([...neighbours, nul!]);
    expect(await stored(neighbours)).toHaveLength(20);
    expect((await dead([nul!]))[0]).toMatchObject({ reason: 'rejected-by-store', attempts: [{ attempt: 1 }] });
  });

  it('because another order has its id is kept beside the first, which is not touched', async () => {
    await endput.query('DELETE FROM dead_letters');
    await start({ name: 'yes', verify: () => ({ kind: 'succeeded' }) });
    const [first] = orders(1, true);
    await publish([messageOf(first!)]);
    await untilAtRest([first!]);
    await publish([messageOf({ ...first!, created_at: '2020-01-01T00:00:00+00:00', product: 'other' })]);
    await vi.waitFor(async () => {
      expect(await deadIn('true', [])).toHaveLength(1);
    }, patient);
    const [letter] = await deadIn('true', []);
    expect(letter?.reason).toBe('identity-conflict');
    expect(letter?.message_id).not.toBe(idOf(first!.id));
    expect(await endput.query('SELECT product FROM orders WHERE message_id = $1', [idOf(first!.id)])).toEqual([
      { product: '2 CDs' },
    ]);
  });
});

describe('an order whose id was used before, by one that is still in the log', () => {
  const failing: Verifier = {
    name: 'failing',
    verify: ({ order: { product } }) => {
      const error = { code: product, message: product };
      return product === 'fine' ? { kind: 'succeeded' } : { kind: 'retry', error };
    },
  };
  const logOf = async (id: string) =>
    (await log.ofMessages([id])).map(({ attempt, status, error }) => [attempt, status, error?.code]);

  async function twoOfOneId(second: string) {
    await start(failing);
    const [order] = orders(1, true);
    const first = { ...order!, product: 'first' };
    await publish([messageOf(first, 3)]);
    await untilAtRest([first]);
    await vi.waitFor(async () => {
      expect(await logOf(idOf(first.id))).toHaveLength(3);
    }, patient);
    await publish([messageOf({ ...first, product: second, created_at: '2020-01-01T00:00:00+00:00' }, 2)]);
    return first;
  }
  const ofTheFirst = [
    [1, 'failed', 'first'],
    [2, 'failed', 'first'],
    [3, 'dead-lettered', 'first'],
  ];

  it('succeeds with an attempt of its own, and takes none of the other order', async () => {
    const first = await twoOfOneId('fine');
    await vi.waitFor(async () => {
      expect(await stored([first])).toHaveLength(1);
      expect(await logOf(idOf(first.id))).toHaveLength(4);
    }, patient);
    expect(await logOf(idOf(first.id))).toEqual(expect.arrayContaining([...ofTheFirst, [1, 'succeeded', undefined]]));
    expect(await dead([first])).toMatchObject([{ state: 'dead', attempts: [{}, {}, {}] }]);
  });

  it('dies of attempts of its own', async () => {
    const first = await twoOfOneId('second');
    const letterOfTheSecond = () =>
      deadIn(`convert_from(body, 'UTF8')::jsonb #>> '{order,id}' = $1 AND reason = $2`, [
        first.id,
        'identity-conflict',
      ]);
    await vi.waitFor(async () => {
      expect(await letterOfTheSecond()).toHaveLength(1);
    }, patient);
    const [letter] = await letterOfTheSecond();
    expect(letter?.attempts).toMatchObject([{ error: { code: 'second' } }, { error: { code: 'second' } }]);
    expect(await logOf(idOf(first.id))).toEqual(expect.arrayContaining([...ofTheFirst, [1, 'failed', 'second']]));
  });
});

describe('a message of a newer release', () => {
  it('is given back and not dead-lettered, and the consumer says why it is not ready', async () => {
    const consumer = await start();
    const [order] = orders(1, true);
    const message = messageOf(order!);
    await publish([{ ...message, headers: { ...message.headers, [HEADER.schemaVersion]: 2 } }]);
    await vi.waitFor(
      async () => {
        await expect(consumer.checks['consuming']!()).rejects.toThrow(/schema version 2/);
      },
      { ...patient, interval: 1 },
    );
    expect(await dead([order!])).toEqual([]);
    await consumer.stop(60_000);
    running = [];
    const channel = await broker.channel();
    await channel.purgeQueue(names.lane(ordersPipeline, 'primary'));
    await channel.close();
  });
});

describe('queues that are deleted under the consumer', () => {
  it('are declared again, the one where retries wait too, and what comes then is handled', async () => {
    await start();
    const channel = await broker.channel();
    await channel.deleteQueue(names.lane(ordersPipeline, 'primary'));
    await channel.deleteExchange(names.waitExchange(ordersPipeline, RETRY_DELAY_MS));
    await channel.close();
    await vi.waitFor(async () => {
      expect(await laneDepth(broker, ordersPipeline)).toBe(0);
    }, patient);
    const all = orders(20, true);
    await vi.waitFor(async () => {
      expect(new Set(await publish(all.map((order) => messageOf(order))))).toEqual(new Set(['confirmed']));
    }, patient);
    await untilAtRest(all);
  });
});

describe('dead letters in the queue', () => {
  it('are the ids of the table, with the reason on them', async () => {
    await endput.query('DELETE FROM dead_letters');
    const channel = await broker.channel();
    await channel.purgeQueue(names.deadLetterQueue(ordersPipeline));
    await start();
    const bad = orders(25, false);
    await publish(bad.map((order) => messageOf(order, 1)));
    await untilAtRest(bad);
    const ids = new Set<string>();
    await vi.waitFor(
      async () => {
        const message = await channel.get(names.deadLetterQueue(ordersPipeline), { noAck: true });
        if (message !== false) {
          ids.add(String(message.properties.messageId));
          expect(message.properties.headers).toMatchObject({
            [HEADER.reason]: 'attempts-exhausted',
            [HEADER.round]: 1,
          });
        }
        expect(ids.size).toBe(25);
      },
      { ...patient, interval: 1 },
    );
    expect(ids).toEqual(new Set(idsOf(bad)));
    await channel.close();
  });
});
