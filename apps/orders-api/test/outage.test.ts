import type { App } from '@esteira/http';
import { createLogger, createMetrics } from '@esteira/observability';
import { ordersPipeline } from '@esteira/orders/domain';
import { ordersCursor, ordersSource, ordersTable, sourceMigrations } from '@esteira/orders/source';
import { migrate, openPostgres } from '@esteira/postgres';
import { createRelay } from '@esteira/relay';
import { freshDatabase, freshName, serverSetting, type Fresh } from '@esteira/tests/support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../src/app.ts';

/** Nothing listens on port 1. */
const NOWHERE = '127.0.0.1:1';

/** An API whose servers are there, or not. RabbitMQ never is. */
interface Outage {
  readonly app: App;
  close(): Promise<void>;
}

async function during(postgresUrl: string, redisUrl: string): Promise<Outage> {
  const logger = createLogger({ name: 'test', level: 'silent' });
  const postgres = openPostgres({ url: postgresUrl, applicationName: 'outage test', max: 4 });
  const system = freshName('s').replaceAll('_', '-');
  const relay = createRelay({
    cursor: ordersCursor(system),
    redisUrl,
    source: ordersSource(postgres, { system }),
    publish: () => Promise.reject(new Error('never')),
    pageSize: 1,
    maxLaneDepth: () => 1,
    leaseMs: 1_000,
    logger,
  });
  const app = await buildApp({
    pipeline: ordersPipeline,
    system,
    keys: [],
    allowedHosts: 'localhost',
    trustedProxies: 'loopback',
    logger,
    metrics: createMetrics({}),
    postgres,
    source: ordersTable,
    relay,
    actions: { done: () => Promise.resolve() },
    brokerReady: () => Promise.reject(new Error('RabbitMQ is away')),
    broker: { connected: false, blocked: undefined },
    maxAttempts: 5,
    stopping: new AbortController().signal,
  });
  return {
    app,
    close: async () => {
      await app.close();
      await relay.close();
      await postgres.close();
    },
  };
}

const NO_POSTGRES = `postgres://u:secret@${NOWHERE}/d`;
const NO_REDIS = `redis://${NOWHERE}`;
const csv = { 'content-type': 'text/csv' };
const json = { 'content-type': 'application/json' };

describe('while everything is away', () => {
  let outage: Outage;
  let app: App;
  beforeAll(async () => {
    outage = await during(NO_POSTGRES, NO_REDIS);
    app = outage.app;
  });
  afterAll(() => outage.close());

  it.each([
    ['POST', '/v0/insert-data', json, '{"positive_inserts":1,"negative_inserts":0}'],
    ['POST', '/v0/orders/import', csv, 'product,price\na,1\n'],
    ['POST', '/v0/orders/import', { ...csv, 'idempotency-key': 'k' }, 'product,price\na,1\n'],
    ['GET', '/v0/orders/import/6f3c2d8e-5d0c-4a55-9a0e-5f2b6c1f7d10/refused', {}, ''],
    ['GET', '/v0/process/status', {}, ''],
    ['POST', '/v0/process/run', {}, ''],
    ['POST', '/v0/process/stop', {}, ''],
    ['POST', '/v0/process/clear', {}, ''],
    ['POST', '/v0/process/unblock', {}, ''],
  ] as const)('%s %s says what is missing, and when to ask again', async (method, url, headers, payload) => {
    const response = await app.inject({ method, url, headers, ...(payload === '' ? {} : { payload }) });
    expect(response.json()).toMatchObject({
      code: 'dependency-unavailable',
      detail: expect.stringMatching(/Postgres|Redis/) as string,
    });
    expect(response.statusCode).toBe(503);
    expect(response.headers['retry-after']).toBe('5');
    expect(response.body).not.toContain('secret');
  });

  it('the process is alive, not ready, and names each server that is down', async () => {
    expect((await app.inject('/health/live')).statusCode).toBe(200);
    const ready = await app.inject('/health/ready');
    expect(ready.statusCode).toBe(503);
    expect(ready.json()).toMatchObject({
      code: 'not-ready',
      checks: { postgres: { ok: false }, redis: { ok: false }, rabbitmq: { ok: false, error: 'RabbitMQ is away' } },
    });
  });

  it('metrics can be scraped', async () => {
    const { statusCode, body } = await app.inject('/metrics');
    expect(statusCode).toBe(200);
    expect(body).toContain('process_cpu_seconds_total');
  });
});

describe.each([
  // A run waits for it, and a status has more to tell than what the source knows.
  ['Postgres', { insert: 503, import: 503, refused: 503, status: 200, run: 202, stop: 200, unblock: 200, clear: 200 }],
  ['Redis', { insert: 201, import: 201, refused: 404, status: 503, run: 503, stop: 503, unblock: 503, clear: 503 }],
  // A run waits for it.
  ['RabbitMQ', { insert: 201, import: 201, refused: 404, status: 200, run: 202, stop: 200, unblock: 200, clear: 200 }],
])('while %s alone is away', (away, expected) => {
  let outage: Outage;
  let source: Fresh;
  beforeAll(async () => {
    source = await freshDatabase('SYSTEM1_DATABASE_URL');
    await migrate(source.url, sourceMigrations);
    outage = await during(
      away === 'Postgres' ? NO_POSTGRES : source.url,
      away === 'Redis' ? NO_REDIS : serverSetting('REDIS_URL'),
    );
  });
  afterAll(async () => {
    await outage.close();
    await source.drop();
  });

  it.each([
    ['insert', 'POST', '/v0/insert-data', json, '{"positive_inserts":1,"negative_inserts":0}'],
    ['import', 'POST', '/v0/orders/import', csv, 'product,price\na,1\n'],
    ['refused', 'GET', '/v0/orders/import/6f3c2d8e-5d0c-4a55-9a0e-5f2b6c1f7d10/refused', {}, ''],
    ['status', 'GET', '/v0/process/status', {}, ''],
    ['run', 'POST', '/v0/process/run', {}, ''],
    ['stop', 'POST', '/v0/process/stop', {}, ''],
    ['unblock', 'POST', '/v0/process/unblock', {}, ''],
    ['clear', 'POST', '/v0/process/clear', {}, ''],
  ] as const)('%s is answered, or put off', async (what, method, url, headers, payload) => {
    const response = await outage.app.inject({ method, url, headers, ...(payload === '' ? {} : { payload }) });
    expect(response.statusCode, response.body).toBe(expected[what]);
    if (response.statusCode !== 503) return;
    expect(response.json()).toMatchObject({ code: 'dependency-unavailable' });
    expect(response.headers['retry-after']).toBe('5');
  });
});
