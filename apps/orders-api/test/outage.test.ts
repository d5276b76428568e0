import type { App } from '@esteira/http';
import { createLogger, createMetrics } from '@esteira/observability';
import { ordersSource, ordersTable } from '@esteira/orders/source';
import { openPostgres, type Postgres } from '@esteira/postgres';
import { createRelay, type Relay } from '@esteira/relay';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../src/app.ts';

/** Nothing listens on port 1. */
const NOWHERE = '127.0.0.1:1';

let app: App;
let postgres: Postgres;
let relay: Relay;
beforeAll(async () => {
  const logger = createLogger({ name: 'test', level: 'silent' });
  postgres = openPostgres({ url: `postgres://u:secret@${NOWHERE}/d`, applicationName: 'outage test' });
  relay = createRelay({
    system: 'nowhere',
    redisUrl: `redis://${NOWHERE}`,
    source: ordersSource(postgres, { system: 'nowhere' }),
    publish: () => Promise.reject(new Error('never')),
    pageSize: 1,
    maxLaneDepth: 1,
    leaseMs: 1_000,
    logger,
  });
  app = await buildApp({
    system: 'nowhere',
    allowedHosts: 'localhost',
    logger,
    metrics: createMetrics({}),
    postgres,
    source: ordersTable,
    relay,
    brokerReady: () => Promise.reject(new Error('RabbitMQ is away')),
    broker: { connected: false, blocked: undefined },
    maxAttempts: 5,
    stopping: new AbortController().signal,
  });
});
afterAll(async () => {
  await app.close();
  await relay.close();
  await postgres.close();
});

describe('while everything is away', () => {
  const csv = { 'content-type': 'text/csv' };
  const json = { 'content-type': 'application/json' };
  it.each([
    ['POST', '/v0/insert-data', json, '{"positive_inserts":1,"negative_inserts":0}'],
    ['POST', '/v0/orders/import', csv, 'product,price\na,1\n'],
    ['POST', '/v0/orders/import', { ...csv, 'idempotency-key': 'k' }, 'product,price\na,1\n'],
    ['GET', '/v0/orders/import/6f3c2d8e-5d0c-4a55-9a0e-5f2b6c1f7d10/refused', {}, ''],
    ['GET', '/v0/process/status', {}, ''],
    ['POST', '/v0/process/run', {}, ''],
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
