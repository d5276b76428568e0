import { createServer, type AddressInfo, type Server } from 'node:net';
import { createLogger, createMetrics } from '@esteira/observability';
import { migrate, openPostgres, type Postgres } from '@esteira/postgres';
import { loadSettings, type Settings } from '@esteira/settings';
import { patient } from '@esteira/tests/patience';
import { freePort, freshDatabase, freshMongoUrl, freshVirtualHost, serverSetting } from '@esteira/tests/support';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { orders, openPipeline, startConsole, type Registration, type StartedConsole } from '../src/index.ts';
import { consoleMigrations } from '../src/migrations.ts';
import type { Overview } from '../src/overview/schema.ts';
import { minimalPipeline, type MinimalPipeline } from './minimal-pipeline.ts';
import { consoleAt } from './support.ts';

const logger = createLogger({ name: 'test', level: 'silent' });
/** What only orders need: each says that it was asked, and answers nothing. */
const asked: string[] = [];
const servers: Server[] = [];
const drops: (() => Promise<void>)[] = [];
let settings: Settings;
let endput: Postgres;
let parcels: MinimalPipeline;
let page: StartedConsole;

/** A server that tells when it is asked, and hangs up. Its port. */
async function hangingUp(name: string): Promise<number> {
  const server = createServer((socket) => {
    asked.push(name);
    socket.destroy();
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const started = (registered: readonly Registration[], changed: Partial<Settings> = {}) =>
  startConsole({ settings: { ...settings, ...changed }, logger, metrics: createMetrics({}), registered });

beforeAll(async () => {
  const [database, vhost] = [await freshDatabase('ENDPUT_DATABASE_URL'), await freshVirtualHost()];
  drops.push(
    () => database.drop(),
    () => vhost.drop(),
  );
  settings = loadSettings({
    ...{ SYSTEMS: 'system-1', ENDPUT_DATABASE_URL: database.url, RABBITMQ_URL: vhost.url },
    ...{ RABBITMQ_MANAGEMENT_URL: serverSetting('RABBITMQ_MANAGEMENT_URL'), MONGODB_URL: freshMongoUrl() },
    SYSTEM1_DATABASE_URL: `postgres://somebody:secret@127.0.0.1:${await hangingUp('source')}/system_1`,
    SYSTEM1_API_PORT: String(await hangingUp('api')),
    REDIS_URL: `redis://127.0.0.1:${await hangingUp('redis')}`,
    CONSUMER_PORT: String(await hangingUp('consumer')),
    CONSOLE_PORT: String(await freePort()),
    RECONCILE_EVERY_MINUTES: '0',
  });
  for (const migrations of consoleMigrations) await migrate(database.url, migrations);
  endput = openPostgres({ url: database.url, applicationName: 'test', max: 4 });
  const types = [{ name: 'sent', schemaVersion: 1 }] as const;
  parcels = await minimalPipeline(endput, logger, { name: 'parcels', types, lanes: ['bulk'] }, 'Parcels');
  const { redrivable, title, words, books } = parcels.console;
  const policy = { maxAttempts: 2, delaysMs: [1_000] } as const;
  const registered = {
    migrations: [],
    open: (options) => openPipeline(options, { redrivable, title, words, books, policy }),
  } satisfies Registration;
  page = await started([registered]);
});
afterAll(async () => {
  await page.stop();
  await parcels.stop();
  await endput.close();
  for (const drop of drops) await drop();
  for (const server of servers) server.close();
});

const ask = () => consoleAt(`http://127.0.0.1:${settings.CONSOLE_PORT}`);

describe('a console without orders', () => {
  it('is ready and up without the servers that only orders have, and asks none of them', async () => {
    await vi.waitFor(async () => {
      expect((await ask().get('/health/ready')).status).toBe(200);
    }, patient);
    await vi.waitFor(async () => {
      const { servers: shown } = (await ask().get<Overview>('/v0/pipelines/parcels/overview')).body;
      expect(shown.map(({ name, state }) => [name, state])).toEqual(
        ['endput', 'rabbitmq', 'mongodb'].map((name) => [name, 'up']),
      );
    }, patient);
    const id = await parcels.dies(1, 'bulk');
    const { body } = await ask().get<{ items: object[] }>('/v0/pipelines/parcels/dead-letters');
    expect(body.items).toMatchObject([{ message_id: id }]);
    expect((await ask().get('/v0/pipelines/parcels/history')).body).toMatchObject({ missing: null });
    expect((await ask().get('/v0/pipelines/orders/overview')).body).toMatchObject({ code: 'no-such-pipeline' });
    expect(asked).toEqual([]);
  });

  it('is told apart from one with orders, which asks all of theirs, and stops while they are away', async () => {
    const other = await started([orders], { CONSOLE_PORT: await freePort() });
    await vi.waitFor(() => {
      expect(new Set(asked)).toEqual(new Set(['source', 'api', 'redis', 'consumer']));
    }, patient);
    await other.stop();
  });
});
