import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freshDatabase, freshMongoUrl, freshVirtualHost, serverSetting } from '@esteira/tests/support';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

const MAIN = join(import.meta.dirname, '../src/main.ts');
const patient = { timeout: 30_000, interval: 100 };

/** A port where nothing listens until the server behind `url` is let in. */
async function door(url: string) {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
    near.pipe(far).pipe(near);
  });
  const listen = async (at: number) => {
    await once(server.listen(at, '127.0.0.1'), 'listening');
    return (server.address() as AddressInfo).port;
  };
  const at = await listen(0);
  await shut(server);
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const through = new URL(url);
  through.host = `127.0.0.1:${at}`;
  return { url: through.href, port: at, open: () => listen(at) };
}

const shut = (server: Server) => new Promise((resolve) => server.close(resolve));

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

describe('a consumer that is started while servers are away', { timeout: 90_000 }, () => {
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
    for (const { open } of doors) await open();
    await vi.waitFor(async () => {
      expect((await get('/health/ready')).status, output()).toBe(200);
    }, patient);
    child.kill('SIGTERM');
    expect(await ended, output()).toEqual([0, null]);
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
