import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { readEnvFile } from '@esteira/config';
import type { Settings } from '@esteira/settings';
import amqp from 'amqplib';
import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findHome } from '../native/home.ts';
import { processesOf } from '../native/processes.ts';
import { NativeRuntime } from '../native/runtime.ts';
import { openPrivateCopy } from '../src/test-servers.ts';
import { until } from '../src/until.ts';

const lines: string[] = [];
const report = (line: string) => lines.push(line);
const copy = await openPrivateCopy({ ESTEIRA_RUNTIME: 'native' });
const runtime = new NativeRuntime(copy.place);
const home = () => findHome(copy.place.state) ?? '';
const start = () => runtime.start({}, { profile: 'test-servers', report });
const pids = async () => Object.fromEntries((await runtime.status()).map(({ name, pid }) => [name, pid]));

let settings: Settings;
let holder: Server;
let visits = 0;
const takenPort = Number(new URL(readEnvFile(copy.place.envFile)['ENDPUT_DATABASE_URL'] ?? '').port);

beforeAll(async () => {
  holder = createServer(() => (visits += 1)).listen(takenPort, '127.0.0.1');
  settings = await start();
  await writeEverywhere(settings);
});

afterAll(async () => {
  holder.close();
  await copy.remove();
});

describe('private native servers', () => {
  it('replace a taken port, say so, and write it down; whoever holds it notices nothing', () => {
    const { port } = new URL(settings.ENDPUT_DATABASE_URL);
    expect(Number(port)).not.toBe(takenPort);
    expect(lines.join('\n')).toContain(`port ${takenPort} is taken; using ${port}`);
    expect(readEnvFile(copy.place.envFile)['ENDPUT_DATABASE_URL']).toBe(settings.ENDPUT_DATABASE_URL);
    expect(visits).toBe(0);
    expect(holder.listening).toBe(true);
  });

  it('listen on loopback only', () => {
    const ports = listeningOf(processesOf(home()));
    expect(ports.length).toBeGreaterThan(8);
    expect(ports.filter(({ loopback }) => !loopback)).toEqual([]);
  });

  it('run as an unprivileged user', () => {
    const servers = processesOf(home()).filter((pid) => /postgres|redis|beam|mongod|epmd/.test(nameOf(pid)));
    expect(servers.length).toBeGreaterThan(6);
    expect(servers.filter((pid) => process.getuid?.() === 0 && userOf(pid) === '0')).toEqual([]);
  });

  it('are left as they are by a second start', async () => {
    const before = await pids();
    await start();
    expect(await pids()).toEqual(before);
  });

  it('go on while the apps are stopped alone; the next start brings these up again', async () => {
    await runtime.start({}, { profile: 'system-1', report });
    const before = await pids();
    expect(before['api-system-1']).toBeDefined();
    await runtime.stopApps({ report });
    expect(await pids()).toEqual({ ...before, 'api-system-1': undefined });
    await start();
    expect((await pids())['api-system-1']).toBeUndefined();
    await runtime.start({}, { profile: 'system-1', report });
    const after = await pids();
    expect(after).toEqual({ ...before, 'api-system-1': after['api-system-1'] });
    expect(after['api-system-1']).not.toBe(before['api-system-1']);
    await runtime.stopApps({ report });
  });

  it('are running again soon after one was killed', async () => {
    const before = (await pids())['endput'] ?? 0;
    process.kill(before, 'SIGKILL');
    await until(async () => ((await readEverywhere(settings)).endput === 'kept' ? undefined : 'no'), {
      timeoutMs: 20_000,
    });
    expect((await pids())['endput']).not.toBe(before);
  });

  it('come back with their data when the supervisor was killed and left them behind', async () => {
    const before = processesOf(home());
    process.kill(Number(readFileSync(`${home()}/supervisord.pid`, 'utf8')), 'SIGKILL');
    expect(await start()).toEqual(settings);
    expect(processesOf(home()).filter((pid) => before.includes(pid))).toEqual([]);
    expect(await readEverywhere(settings)).toEqual(KEPT);
  });

  it('leave no process behind when they are stopped, twice is no harm, and they keep their data', async () => {
    await runtime.stop({ report });
    expect(processesOf(home())).toEqual([]);
    await runtime.stop({ report });
    expect((await runtime.status()).filter(({ state }) => state !== 'down')).toEqual([]);
    expect(await start()).toEqual(settings);
    expect(await readEverywhere(settings)).toEqual(KEPT);
  });

  it('are removed without a trace', async () => {
    const path = home();
    await runtime.prune({ report });
    expect(processesOf(path)).toEqual([]);
    expect([path, copy.place.state, copy.place.envFile, copy.place.runningFile].filter(existsSync)).toEqual([]);
  });
});

const KEPT = { endput: 'kept', redis: 'kept', rabbitmq: 'kept', mongodb: 'kept' };

async function writeEverywhere(at: Settings): Promise<void> {
  await onPostgres(at, (client) => client.query(`create table kept as select 'kept' as word`));
  await onRedis(at, (redis) => redis.set('kept', 'kept'));
  await onRabbitmq(at, async (channel) => {
    await channel.assertQueue('kept', { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    channel.sendToQueue('kept', Buffer.from('kept'), { persistent: true });
    await channel.waitForConfirms();
  });
  const onDisc = { writeConcern: { w: 'majority', journal: true } } as const;
  await onMongodb(at, (client) => client.db().collection('kept').insertOne({ word: 'kept' }, onDisc));
}

async function readEverywhere(at: Settings): Promise<Record<string, unknown>> {
  return {
    endput: await onPostgres(
      at,
      async (client) => (await client.query<{ word: string }>('select word from kept')).rows[0]?.word,
    ),
    redis: await onRedis(at, (redis) => redis.get('kept')),
    rabbitmq: await onRabbitmq(at, async (channel) => {
      const message = await channel.get('kept');
      if (message !== false) channel.nack(message);
      return message === false ? undefined : message.content.toString();
    }),
    mongodb: await onMongodb(
      at,
      async (client) => (await client.db().collection('kept').findOne())?.['word'] as unknown,
    ),
  };
}

async function onPostgres<T>(at: Settings, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(at.ENDPUT_DATABASE_URL);
  await client.connect();
  return work(client).finally(() => client.end());
}

async function onRedis<T>(at: Settings, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(at.REDIS_URL);
  return work(redis).finally(() => {
    redis.disconnect();
  });
}

async function onRabbitmq<T>(at: Settings, work: (channel: amqp.ConfirmChannel) => Promise<T>): Promise<T> {
  const connection = await amqp.connect(at.RABBITMQ_URL);
  return work(await connection.createConfirmChannel()).finally(() => connection.close());
}

async function onMongodb<T>(at: Settings, work: (client: MongoClient) => Promise<T>): Promise<T> {
  const client = new MongoClient(at.MONGODB_URL);
  return work(client).finally(() => client.close());
}

/** The listening sockets of these processes, from the kernel's own table. */
function listeningOf(processes: readonly number[]): { address: string; loopback: boolean }[] {
  const inodes = new Set(processes.flatMap(socketsOf));
  return ['/proc/net/tcp', '/proc/net/tcp6']
    .flatMap((table) => readFileSync(table, 'utf8').trim().split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === '0A' && inodes.has(fields[9] ?? ''))
    .map(([, address = '']) => ({ address, loopback: /^(0100007F|00000000000000000000000001000000):/.test(address) }));
}

function socketsOf(pid: number): string[] {
  try {
    const opened = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
    return opened.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []);
  } catch {
    return [];
  }
}

const statusLine = (pid: number, key: string): string =>
  new RegExp(`^${key}:\\s+(\\S+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
const nameOf = (pid: number) => statusLine(pid, 'Name');
const userOf = (pid: number) => statusLine(pid, 'Uid');
