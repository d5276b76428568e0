import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connectBroker, createPublisher, names } from '@esteira/messaging';
import { createLogger } from '@esteira/observability';
import { orderMessages, ordersPipeline } from '@esteira/orders/domain';
import { openPostgres } from '@esteira/postgres';
import { freshDatabase, freshMongoUrl, freshVirtualHost, serverSetting } from '@esteira/tests/support';
import { patient } from '@esteira/tests/patience';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

const MAIN = join(import.meta.dirname, '../src/main.ts');

/** A way to the server behind `url`: shut at first, and each time it is shut what goes through it is cut. */
async function door(url: string) {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  const entered = new EventEmitter();
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) sockets.add(socket.on('error', () => socket.destroy()));
    near.pipe(far).pipe(near);
    entered.emit('entered');
  });
  const listen = async (at: number) => {
    await once(server.listen(at, '127.0.0.1'), 'listening');
    return (server.address() as AddressInfo).port;
  };
  const at = await listen(0);
  const shut = async () => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await closed;
  };
  await shut();
  onTestFinished(() => (server.listening ? shut() : undefined));
  const through = new URL(url);
  through.host = `127.0.0.1:${at}`;
  return { url: through.href, port: at, open: () => listen(at), entered: () => once(entered, 'entered'), shut };
}

/** When the server goes away again, counted from the first connection to it, in milliseconds: asked, prepared, in use. */
const MOMENTS = [0, 5, 30, 100, 300];

/** What comes, unless a test has waited for it as long as it waits for anything: then `failed` tells why it may not have. */
async function inTime<T>(what: string, coming: Promise<T>, failed: () => string): Promise<T> {
  const timer = new AbortController();
  const late = delay(patient.timeout, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`${what} did not come: ${failed()}`);
  });
  try {
    return await Promise.race([coming, late]);
  } finally {
    timer.abort();
    late.catch(() => undefined);
  }
}

/** Sends an order, and says how many are stored when there are some. */
async function storedOrder(brokerUrl: string, endputUrl: string): Promise<number> {
  const logger = createLogger({ name: 'test', level: 'silent' });
  const broker = await connectBroker({ url: brokerUrl, name: 'test', logger });
  await broker.untilConnected();
  const publish = createPublisher(broker, { exchange: names.exchange(ordersPipeline), mandatory: true, appId: 'test' });
  const toMessage = orderMessages({ system: 'system-1', database: 'd', schema: 'public', table: 'orders' });
  const order = { id: '1', product: 'p', price: '1.00', created_at: '2026-01-01T00:00:00+00:00', security_check: true };
  expect(await publish([toMessage(order, { maxAttempts: 1 })])).toEqual(['confirmed']);
  const endput = openPostgres({ url: endputUrl, applicationName: 'test', max: 1 });
  const stored = await vi.waitFor(async () => {
    const rows = await endput.query('SELECT 1 FROM orders');
    if (rows.length === 0) throw new Error('nothing is stored');
    return rows.length;
  }, patient);
  await Promise.all([broker.close(), endput.close()]);
  return stored;
}

async function startMain(env: Record<string, string>) {
  const { port } = await door('http://127.0.0.1:1');
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH: process.env['PATH'], ...env, CONSUMER_PORT: String(port) },
    cwd: tmpdir(),
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let output = '';
  child.stdout.on('data', (text: Buffer) => (output += text.toString()));
  const ended = once(child, 'exit') as Promise<[number | null, string | null]>;
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return { status: response.status, text: await response.text() };
  };
  await vi.waitFor(async () => {
    expect((await get('/health/live')).status, output).toBe(200);
  }, patient);
  return { child, ended, get, output: () => output };
}

describe('a consumer that is started while servers are away', () => {
  it('lives, says which it waits for, and starts when they are there', async () => {
    const vhost = await freshVirtualHost();
    const database = await freshDatabase('ENDPUT_DATABASE_URL');
    const doors = await Promise.all([vhost.url, database.url, freshMongoUrl()].map(door));
    const [rabbitmq, endput, mongodb] = doors.map(({ url }) => url) as [string, string, string];
    const management = serverSetting('RABBITMQ_MANAGEMENT_URL');
    const servers = { RABBITMQ_URL: rabbitmq, ENDPUT_DATABASE_URL: endput, MONGODB_URL: mongodb };
    const { child, ended, get, output } = await startMain({ ...servers, RABBITMQ_MANAGEMENT_URL: management });
    const { status, text } = await get('/health/ready');
    expect(status).toBe(503);
    for (const name of ['rabbitmq', 'endput', 'attempt-log', 'consuming']) expect(text).toContain(`${name} (`);
    // Servers may be starting too: each is a plain line, no warning, no stack. That we were told so is a line of its own.
    const lines = output()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { level: number; err?: unknown; reqId?: string })
      .filter(({ reqId }) => reqId === undefined);
    expect(lines.filter(({ level, err }) => level > 30 || err !== undefined)).toEqual([]);
    await vi.waitFor(() => {
      expect(output()).toContain('does not answer yet; waiting for it');
    }, patient);
    for (const { open } of doors) await open();
    await vi.waitFor(async () => {
      expect((await get('/health/ready')).status, output()).toBe(200);
    }, patient);
    child.kill('SIGTERM');
    expect(await ended, output()).toEqual([0, null]);
    await Promise.all([vhost.drop(), database.drop()]);
  });

  it.each(['rabbitmq', 'endput', 'mongodb'] as const)(
    'starts however often %s goes away while it does, and stores what comes then',
    async (name) => {
      const [vhost, database] = await Promise.all([freshVirtualHost(), freshDatabase('ENDPUT_DATABASE_URL')]);
      const targets = { rabbitmq: vhost.url, endput: database.url, mongodb: freshMongoUrl() };
      const away = await door(targets[name]);
      const urls = { ...targets, [name]: away.url };
      const { child, get, output } = await startMain({
        RABBITMQ_URL: urls.rabbitmq,
        ENDPUT_DATABASE_URL: urls.endput,
        MONGODB_URL: urls.mongodb,
        RABBITMQ_MANAGEMENT_URL: serverSetting('RABBITMQ_MANAGEMENT_URL'),
      });
      for (const afterMs of MOMENTS) {
        const entered = away.entered();
        await away.open();
        await inTime(`a connection to ${name}`, entered, output);
        await delay(afterMs);
        await away.shut();
      }
      await away.open();
      await vi.waitFor(async () => {
        expect((await get('/health/ready')).status, output()).toBe(200);
      }, patient);
      expect(await inTime('an order', storedOrder(vhost.url, database.url), output)).toBe(1);
      expect(child.exitCode, output()).toBeNull();
      await inTime('the end of its stores', Promise.all([vhost.drop(), database.drop()]), output);
    },
  );

  it("ends with 78 and a line without a stack where a queue of its name is somebody else's", async () => {
    const [vhost, database] = await Promise.all([freshVirtualHost(), freshDatabase('ENDPUT_DATABASE_URL')]);
    const broker = await connectBroker({
      url: vhost.url,
      name: 'test',
      logger: createLogger({ name: 't', level: 'silent' }),
    });
    await broker.untilConnected();
    const channel = await broker.channel();
    await channel.assertQueue(names.lane(ordersPipeline, 'primary'), { durable: true });
    await broker.close();
    const { ended, output } = await startMain({
      RABBITMQ_URL: vhost.url,
      ENDPUT_DATABASE_URL: database.url,
      MONGODB_URL: freshMongoUrl(),
      RABBITMQ_MANAGEMENT_URL: serverSetting('RABBITMQ_MANAGEMENT_URL'),
    });
    expect(await ended, output()).toEqual([78, null]);
    const lines = output().trim().split('\n');
    const last = lines.find((line) => line.includes('the consumer could not start')) ?? '';
    expect(last).toContain("for queue 'orders.primary'");
    expect(last).toContain('virtual host of its own');
    expect(output()).not.toMatch(/"stack":/);
    await Promise.all([vhost.drop(), database.drop()]);
  });

  it('ends with 0 when it is asked to while it waits', async () => {
    const nowhere = await door('http://127.0.0.1:1');
    const { child, ended, output } = await startMain({
      RABBITMQ_URL: `amqp://127.0.0.1:${nowhere.port}`,
      ENDPUT_DATABASE_URL: `postgres://127.0.0.1:${nowhere.port}/x`,
      MONGODB_URL: `mongodb://127.0.0.1:${nowhere.port}/x`,
    });
    child.kill('SIGTERM');
    expect(await ended, output()).toEqual([0, null]);
  });
});
