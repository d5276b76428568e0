import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { mongodbAttemptLog, type AttemptLog } from '@esteira/attempt-log';
import { EXIT_CONFIG } from '@esteira/config';
import { loadSettings } from '@esteira/settings';
import {
  connectBroker,
  createPublisher,
  declareTopology,
  names,
  openManagement,
  pipelineTopology,
  type Broker,
} from '@esteira/messaging';
import { createLogger, createMetrics } from '@esteira/observability';
import { messageIds, orderMessages, ordersPipeline, type Order, type Verifier } from '@esteira/orders/domain';
import type { Publish } from '@esteira/pipeline';
import { openPostgres, type Postgres } from '@esteira/postgres';
import { freshDatabase, freshMongoUrl, freshVirtualHost, serverSetting, type Fresh } from '@esteira/tests/support';
import { patient } from '@esteira/tests/patience';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startOrdersConsumer, type OrdersConsumer } from '../src/app.ts';
import { openVerifier } from '../src/verifier.ts';

const logger = createLogger({ name: 'test', level: 'silent' });

let vhost: Fresh;
let database: Fresh;
let env: Record<string, string>;
let endput: Postgres;
let broker: Broker;
let publish: Publish;
let log: AttemptLog;
const opened: (() => Promise<void>)[] = [];

beforeAll(async () => {
  vhost = await freshVirtualHost();
  database = await freshDatabase('ENDPUT_DATABASE_URL');
  env = {
    RABBITMQ_URL: vhost.url,
    RABBITMQ_MANAGEMENT_URL: serverSetting('RABBITMQ_MANAGEMENT_URL'),
    ENDPUT_DATABASE_URL: database.url,
    MONGODB_URL: freshMongoUrl(),
    RETRY_DELAY_MS: '100',
  };
  endput = openPostgres({ url: database.url, applicationName: 'test' });
  broker = await connectBroker({ url: vhost.url, name: 'test', logger });
  await broker.untilConnected();
  const management = openManagement(serverSetting('RABBITMQ_MANAGEMENT_URL'), vhost.url);
  await declareTopology(broker, pipelineTopology(ordersPipeline), management, logger);
  publish = createPublisher(broker, { exchange: names.exchange(ordersPipeline), mandatory: true, appId: 'test' });
  const { MONGODB_URL: url, ATTEMPT_LOG_TTL_SECONDS: ttlSeconds } = loadSettings(env);
  log = mongodbAttemptLog({ url, applicationName: 'test', pipeline: ordersPipeline.name, ttlSeconds });
});

afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

afterAll(async () => {
  await log.clear(ordersPipeline.name);
  await Promise.all([log.close(), endput.close(), broker.close()]);
  await Promise.all([vhost.drop(), database.drop()]);
});

/** A consumer with the settings given; it is stopped after the test. */
async function start(more: Record<string, string>): Promise<OrdersConsumer> {
  const settings = loadSettings({ ...env, ...more });
  const verifier: Verifier = await openVerifier(settings);
  const consumer = await startOrdersConsumer({
    settings,
    verifier,
    logger,
    metrics: createMetrics({}),
    worker: 'test',
  });
  let stopped = false;
  const stop = async (withinMs: number) => {
    if (stopped) return;
    stopped = true;
    await consumer.stop(withinMs);
    await verifier.close?.();
  };
  opened.push(() => stop(60_000));
  return { ...consumer, stop };
}

/** A service at a port, ended after the test. */
async function serve(
  listener: RequestListener,
  port = 0,
): Promise<{ port: number; url: string; end: () => Promise<void> }> {
  const server: Server = createServer(listener).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const end = async () => {
    if (!server.listening) return;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  opened.push(end);
  const actual = (server.address() as AddressInfo).port;
  return { port: actual, url: `http://127.0.0.1:${actual}/`, end };
}

let nextId = 1;
const orders = (count: number, product = '2 CDs'): Order[] =>
  Array.from({ length: count }, () => ({
    id: String(nextId++),
    product,
    price: '29.33',
    created_at: '1997-01-01T00:00:00.123456+00:00',
    security_check: true,
  }));
const toMessage = orderMessages({ system: 'system-1', database: 'd', schema: 'public', table: 'orders' });
const send = (all: readonly Order[], maxAttempts = 5) => publish(all.map((order) => toMessage(order, { maxAttempts })));
const idOf = messageIds('system-1');
const idsOf = (all: readonly Order[]) => all.map(({ id }) => idOf(id));
const stored = (all: readonly Order[]) =>
  endput.query<{ attempts: number }>('SELECT attempts FROM orders WHERE message_id = ANY($1::uuid[])', [idsOf(all)]);
const dead = (all: readonly Order[]) =>
  endput.query<{ reason: string; error: { code: string } }>(
    'SELECT reason, error FROM dead_letters WHERE message_id = ANY($1::uuid[])',
    [idsOf(all)],
  );
const untilStored = (all: readonly Order[]) =>
  vi.waitFor(async () => {
    expect(await stored(all)).toHaveLength(all.length);
  }, patient);
const attemptsOf = async (all: readonly Order[]) =>
  (await stored(all)).reduce((sum, { attempts }) => sum + attempts, 0);

describe('a service that verifies', () => {
  it('is down, then up: no attempt was spent, all is stored, and the consumer said why it was not ready', async () => {
    const { url, port, end } = await serve((_, response) => response.end());
    await end();
    const consumer = await start({ VERIFIER: 'http', VERIFIER_URL: url });
    const all = orders(200);
    await send(all);
    await vi.waitFor(async () => {
      await expect(consumer.checks['verifier']!()).rejects.toThrow(/can't be reached.*ECONNREFUSED/);
    }, patient);
    expect(await log.ofMessages(idsOf(all))).toEqual([]);
    await serve((_, response) => response.end(), port);
    await untilStored(all);
    expect(await attemptsOf(all)).toBe(200);
    await vi.waitFor(async () => {
      expect(await log.ofMessages(idsOf(all))).toHaveLength(200);
    }, patient);
    await consumer.checks['verifier']!();
  });

  it('answers 503 for a while: the attempts of a handful of messages are spent, all is stored', async () => {
    let well = true;
    let asked = 0;
    const { url } = await serve((_, response) => {
      asked += 1;
      response.writeHead(well ? 200 : 503).end();
    });
    const consumer = await start({ VERIFIER: 'http', VERIFIER_URL: url });
    well = false;
    const all = orders(300);
    await send(all);
    await vi.waitFor(async () => {
      await expect(consumer.checks['verifier']!()).rejects.toThrow(/503/);
    }, patient);
    const askedBefore = asked;
    await vi.waitFor(() => {
      expect(asked).toBeGreaterThan(askedBefore);
    }, patient);
    well = true;
    await untilStored(all);
    expect(await attemptsOf(all)).toBeLessThanOrEqual(304);
    expect(await dead(all)).toEqual([]);
  });

  it('is slow: no more are asked of it at once than it can do', async () => {
    let open = 0;
    let most = 0;
    const { url } = await serve((_, response) => {
      most = Math.max(most, ++open);
      setTimeout(() => {
        open -= 1;
        response.end();
      }, 20);
    });
    await start({ VERIFIER: 'http', VERIFIER_URL: url, VERIFIER_CONCURRENCY: '4' });
    const all = orders(80);
    await send(all);
    await untilStored(all);
    expect(await attemptsOf(all)).toBe(80);
    expect(most).toBe(4);
  });

  it('asks for a wait, and gets the next longer one that the schedule has', async () => {
    const at: number[] = [];
    const { url } = await serve((_, response) => {
      at.push(Date.now());
      if (at.length === 1) response.writeHead(429, { 'retry-after': '1' }).end();
      else response.end();
    });
    await start({ VERIFIER: 'http', VERIFIER_URL: url, RETRY_SCHEDULE: '50ms,1200ms' });
    const [order] = orders(1);
    await send([order!]);
    await untilStored([order!]);
    expect(at[1]! - at[0]!).toBeGreaterThanOrEqual(1_150);
  });

  it('asks for absurd waits: each gets the longest there is and is told so, and no queue is made for it', async () => {
    const absurd = ['9999999999', '9'.repeat(60), 'Fri, 31 Dec 9999 23:59:59 GMT', 'Friday, 31-Dec-49 23:59:59 GMT'];
    let asked = 0;
    const { url } = await serve((_, response) => {
      response.writeHead(429, { 'retry-after': absurd[asked++] ?? String(4_000 + asked) }).end('later');
    });
    await start({ VERIFIER: 'http', VERIFIER_URL: url, VERIFIER_CONCURRENCY: '1' });
    const management = openManagement(serverSetting('RABBITMQ_MANAGEMENT_URL'), vhost.url);
    const queues = async () => (await management.queues()).map(({ name }) => name).toSorted();
    const before = await queues();
    const all = orders(30);
    await send(all);
    await vi.waitFor(async () => {
      expect(await log.ofMessages(idsOf(all))).toHaveLength(30);
    }, patient);
    const errors = (await log.ofMessages(idsOf(all))).map(({ error }) => error);
    expect(errors).toContainEqual({
      code: 'http-429',
      message: 'It asked for a wait of 9999999999 s and gets the longest, 3600 s. The verifier answered 429: later',
    });
    for (const error of errors)
      expect(error?.message).toMatch(/^It asked for a wait of \d+ s and gets the longest, 3600 s\./);
    expect(await queues()).toEqual(before);
    await vi.waitFor(async () => {
      expect((await management.queue(names.waitQueue(ordersPipeline, 3_600_000)))?.messages).toBe(30);
    }, patient);
  });

  it.each([301, 308, 401, 404, 405])(
    'answers %d to every message: the attempts of four are spent, the consumer says what to look at, all is stored',
    async (status) => {
      let wrong = true;
      const { url } = await serve((_, response) => {
        response.writeHead(wrong ? status : 200, { location: '/v2' }).end();
      });
      const consumer = await start({ VERIFIER: 'http', VERIFIER_URL: url });
      const all = orders(300);
      await send(all);
      await vi.waitFor(async () => {
        await expect(consumer.checks['verifier']!()).rejects.toThrow(`answers ${status}, whatever the message: `);
        await expect(consumer.checks['consuming']!()).rejects.toThrow(`answers ${status}, whatever the message: `);
      }, patient);
      wrong = false;
      await untilStored(all);
      const attempts = await attemptsOf(all);
      expect(attempts).toBeGreaterThan(300);
      expect(attempts).toBeLessThanOrEqual(304);
      expect(await dead(all)).toEqual([]);
    },
  );

  it('finds nothing for a few of many: they alone are attempted to the end', async () => {
    const { url } = await serve((request, response) => {
      void text(request).then((body) => response.writeHead(body.includes('"gone"') ? 404 : 200).end());
    });
    await start({ VERIFIER: 'http', VERIFIER_URL: url });
    const [gone, found] = [orders(3, 'gone'), orders(100)];
    await send([...gone, ...found], 2);
    await untilStored(found);
    await vi.waitFor(async () => {
      const { reason, error } = (await dead(gone))[2] ?? {};
      expect([reason, error?.code]).toEqual(['attempts-exhausted', 'http-404']);
    }, patient);
    expect(await attemptsOf(found)).toBe(100);
  });

  it('finds nothing for those at the head of the lane: they hold nobody up', async () => {
    const { url } = await serve((request, response) => {
      void text(request).then((body) => response.writeHead(body.includes('"gone"') ? 404 : 200).end());
    });
    await start({ VERIFIER: 'http', VERIFIER_URL: url, VERIFIER_CONCURRENCY: '1', RETRY_DELAY_MS: '60000' });
    const [gone, found] = [orders(12, 'gone'), orders(100)];
    await send([...gone, ...found]);
    await untilStored(found);
    expect(await attemptsOf(found)).toBe(100);
    expect(await dead(gone)).toEqual([]);
  });

  it('refuses an order: it is a dead letter at once, under the code of the service', async () => {
    const { url } = await serve((_, response) => {
      response
        .writeHead(422, { 'content-type': 'application/json' })
        .end('{"code":"too-cheap","detail":"no\\u0000pe"}');
    });
    await start({ VERIFIER: 'http', VERIFIER_URL: url });
    const all = orders(3);
    await send(all);
    await vi.waitFor(async () => {
      expect(await dead(all)).toHaveLength(3);
    }, patient);
    expect((await dead(all))[0]).toMatchObject({ reason: 'refused', error: { code: 'too-cheap' } });
  });

  it('hangs: a stop does not wait for it, spends nothing, and the next consumer stores all', async () => {
    let hangs = true;
    let asked = 0;
    const { url } = await serve((_, response) => {
      asked += 1;
      if (!hangs) response.end();
    });
    const consumer = await start({ VERIFIER: 'http', VERIFIER_URL: url, VERIFIER_CONCURRENCY: '4' });
    const all = orders(50);
    await send(all);
    await vi.waitFor(() => {
      expect(asked).toBe(4);
    }, patient);
    await consumer.stop(1_000);
    hangs = false;
    await start({ VERIFIER: 'http', VERIFIER_URL: url });
    await untilStored(all);
    expect(await attemptsOf(all)).toBe(50);
  });
});

describe('a module that verifies', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'esteira-')), 'verifier.ts');
  writeFileSync(
    path,
    `export function verify({ order }: { order: { product: string } }) {
       if (order.product === 'loop') for (;;);
       if (order.product === 'exit') process.exit(0);
       return { kind: 'succeeded', result: { seen: order.product } };
     }`,
  );

  it('loops and exits for some: only their attempts are spent, the consumer and all others go on', async () => {
    await start({ VERIFIER: 'module', VERIFIER_MODULE: path, ATTEMPT_TIMEOUT_MS: '2000' });
    const [good, loop, exit] = [orders(200), orders(2, 'loop'), orders(2, 'exit')] as const;
    await send([...good.slice(0, 100), ...loop, ...exit, ...good.slice(100)], 2);
    await untilStored(good);
    expect(await attemptsOf(good)).toBe(200);
    await vi.waitFor(async () => {
      expect((await dead(loop)).map(({ error }) => error.code)).toEqual(['timeout', 'timeout']);
      expect((await dead(exit)).map(({ error }) => error.code)).toEqual(['verifier-crashed', 'verifier-crashed']);
    }, patient);
    const [entry] = await log.ofMessages(idsOf(good.slice(0, 1)));
    expect(entry?.result).toEqual({ seen: '2 CDs' });
  });

  it('can not be loaded: the consumer does not start, and says what to look at', async () => {
    const main = join(import.meta.dirname, '../src/main.ts');
    const child = execFile(process.execPath, [main], {
      env: { PATH: process.env['PATH'], ...env, VERIFIER: 'module', VERIFIER_MODULE: '/nowhere/verifier.ts' },
      cwd: tmpdir(),
    });
    let said = '';
    child.stdout?.on('data', (text: string) => (said += text));
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(EXIT_CONFIG);
    expect(said).toMatch(/The module \/nowhere\/verifier\.ts can't be loaded/);
  });
});
