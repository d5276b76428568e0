import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { loadSettings, settingsEntries, type Settings } from '@esteira/settings';
import {
  connectBroker,
  createPublisher,
  declareTopology,
  names,
  openManagement,
  pipelineTopology,
  type Broker,
} from '@esteira/messaging';
import { createLogger } from '@esteira/observability';
import { orderMessages, ordersPipeline, type Order } from '@esteira/orders/domain';
import { openPostgres, type Postgres } from '@esteira/postgres';
import { freshDatabase, freshMongoUrl, freshVirtualHost, serverSetting, type Fresh } from '@esteira/tests/support';
import { patient } from '@esteira/tests/patience';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';

const logger = createLogger({ name: 'test', level: 'silent' });
let vhost: Fresh;
let database: Fresh;
let settings: Settings;
let endput: Postgres;
let broker: Broker;
let stopping = false;
let child: ChildProcess | undefined;
let crashes = 0;

beforeAll(async () => {
  vhost = await freshVirtualHost();
  database = await freshDatabase('ENDPUT_DATABASE_URL');
  settings = loadSettings({
    RABBITMQ_URL: vhost.url,
    RABBITMQ_MANAGEMENT_URL: serverSetting('RABBITMQ_MANAGEMENT_URL'),
    ENDPUT_DATABASE_URL: database.url,
    MONGODB_URL: freshMongoUrl(),
    BATCH_SIZE: '50',
    PREFETCH: '200',
  });
  endput = openPostgres({ url: database.url, applicationName: 'test' });
  broker = await connectBroker({ url: vhost.url, name: 'test', logger });
  await broker.untilConnected();
  const management = openManagement(settings.RABBITMQ_MANAGEMENT_URL, vhost.url);
  await declareTopology(broker, pipelineTopology(ordersPipeline), management, logger);
});

afterEach(async () => {
  stopping = true;
  if (child?.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

afterAll(async () => {
  await Promise.all([endput.close(), broker.close()]);
  await Promise.all([vhost.drop(), database.drop()]);
});

/** Runs the deadly consumer, and starts it again each time it ends, as a supervisor does. */
function supervise(): void {
  const env = { ...process.env, ...Object.fromEntries(settingsEntries(settings)) };
  child = spawn(process.execPath, [join(import.meta.dirname, 'deadly-consumer.ts')], { env, stdio: 'ignore' });
  child.once('exit', () => {
    if (stopping) return;
    crashes += 1;
    supervise();
  });
}

const toMessage = orderMessages({ system: 'system-1', database: 'd', schema: 'public', table: 'orders' });
const order = (id: number, product: string): Order => ({
  id: String(id),
  product,
  price: '1.00',
  created_at: '2026-01-01T00:00:00+00:00',
  security_check: true,
});
const count = async (query: string) => Number((await endput.query<{ count: string }>(query))[0]?.count);

it('finds the message that kills its consumer, gives it up, and blames none of its neighbours', async () => {
  const publish = createPublisher(broker, { exchange: names.exchange(ordersPipeline), mandatory: true, appId: 'test' });
  const all = Array.from({ length: 300 }, (_, index) => order(index + 1, index === 120 ? 'deadly' : 'fine'));
  await publish(all.map((one) => toMessage(one, { maxAttempts: 5 })));
  supervise();
  await vi.waitFor(async () => {
    expect(await count('SELECT count(*) FROM orders')).toBe(299);
    expect(await count('SELECT count(*) FROM dead_letters')).toBe(1);
    expect(await count('SELECT count(*) FROM trials')).toBe(0);
  }, patient);
  const [letter] = await endput.query<{ reason: string; key: string; attempts: unknown[] }>(
    'SELECT reason, key, attempts FROM dead_letters',
  );
  expect(letter).toEqual({ reason: 'crashed-consumer', key: '121', attempts: [] });
  // Once among others unmarked, once among others marked, then five times alone.
  expect(crashes).toBeLessThanOrEqual(7);
  const wrong = await count('SELECT count(*) FROM orders WHERE attempts <> 1');
  expect(wrong).toBe(0);
});
