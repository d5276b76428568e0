import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLogger } from '@esteira/observability';
import { actionsKey, openActionLog, openRedis } from '@esteira/relay';
import { startPipeline, type Pipeline } from '@esteira/tests/support';
import { patient } from '@esteira/tests/patience';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { consoleAt } from './support.ts';

const KEYS = {
  ana: 'a-key-that-ana-alone-has',
  console: 'a-key-that-the-console-has',
  ben: 'a-key-that-ben-alone-has',
};

interface Done {
  at: string;
  by: string;
  action: string;
  details: Record<string, unknown>;
}

let pipeline: Pipeline;
let system: string;
/** What was in the history when the test began. */
let before: number;

const start = async (env: Record<string, string>) => {
  pipeline = await startPipeline({ systems: 1, consumers: 0, env });
  await pipeline.console.start();
  system = pipeline.settings.systems[0]?.name ?? '';
};

const history = async (url = pipeline.console.url, key?: string) => {
  const { body } = await consoleAt(url, key).get<{ items: Done[]; missing: string | null }>(
    '/v0/pipelines/orders/history?limit=500',
  );
  expect(body.missing).toBeNull();
  return body.items;
};
/** What came since the test began, the oldest first; without what tests can't know. */
const news = async (key?: string) => {
  const items = await history(undefined, key);
  return items
    .slice(0, items.length - before)
    .toReversed()
    .map(({ by, action, details }) => ({ by, action, details }));
};

/** Asks the API itself, as curl would. */
const curl = (path: string, body?: unknown, headers: Record<string, string> = {}) =>
  fetch(`${pipeline.apis[0]?.url ?? ''}/v0/${path}`, {
    method: 'POST',
    headers: { ...(typeof body === 'object' ? { 'content-type': 'application/json' } : {}), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
const as = (name: keyof typeof KEYS) => ({ authorization: `Bearer ${KEYS[name]}` });

describe('without keys', () => {
  beforeAll(() => start({ MAX_ATTEMPTS: '4' }));
  afterAll(() => pipeline.stop());
  beforeEach(async () => {
    before = (await history()).length;
  });

  it('what is asked of an API itself stands in the history, with what it was asked for', async () => {
    await curl('insert-data', { positive_inserts: 3, negative_inserts: 1 });
    await curl('process/run', { max_attempts: 2, follow: true });
    expect((await curl('process/run')).status).toBe(409);
    await curl('process/stop');
    await curl('process/unblock');
    await curl('process/clear');
    await curl('process/run');
    const by = 'local';
    expect(await news()).toEqual([
      { by, action: 'insert-data', details: { system, positive_inserts: 3, negative_inserts: 1 } },
      { by, action: 'run', details: { system, max_attempts: 2, follow: true } },
      { by, action: 'stop', details: { system } },
      { by, action: 'unblock', details: { system } },
      { by, action: 'clear', details: { system } },
      { by, action: 'run', details: { system, max_attempts: 4, follow: false } },
    ]);
  });

  it('an import stands there with its counts; one that was done before is called repeated, a trial is none', async () => {
    const csv = 'product,price\npen,1.50\n,2\npaper,free\n';
    const file = { 'content-type': 'text/csv' };
    await curl('orders/import?dry_run=true', csv, file);
    for (let i = 0; i < 2; i++) await curl('orders/import', csv, { ...file, 'idempotency-key': 'once' });
    await curl('orders/import', csv, file);
    const counts = { system, positive: 1, negative: 1, refused: 1, import_id: expect.any(String) as string };
    expect(await news()).toEqual([
      { by: 'local', action: 'import', details: { ...counts, idempotency_key: true } },
      { by: 'local', action: 'import', details: { ...counts, idempotency_key: true, repeated: true } },
      { by: 'local', action: 'import', details: { ...counts, idempotency_key: false } },
    ]);
  });

  it('what comes late stands where it belongs: a console that was killed takes it when it is back', async () => {
    await pipeline.console.end('SIGKILL');
    await curl('process/unblock');
    await pipeline.console.start();
    await consoleAt(pipeline.console.url).post(`/v0/pipelines/orders/systems/${system}/clear`, { confirm: system });
    expect((await news()).map(({ action }) => action)).toEqual(['unblock', 'clear']);
    const times = (await history()).map(({ at }) => at);
    expect(times).toEqual(times.toSorted().toReversed());
  });

  it('of two consoles that look at once each shows it once', async () => {
    const other = await pipeline.consoleWith({});
    await other.start();
    for (let i = 0; i < 20; i++) {
      await curl('process/unblock');
      await Promise.all([history(), history(other.url), history(), history(other.url)]);
    }
    await other.end('SIGTERM');
    expect((await news()).map(({ action }) => action)).toEqual(Array.from({ length: 20 }, () => 'unblock'));
  });

  it('an action that is taken again is not doubled, and nobody hides one behind the request of another', async () => {
    const redis = openRedis(inject('env')['REDIS_URL'] ?? '', createLogger({ name: 'test', level: 'silent' }));
    const log = openActionLog(redis, system);
    const request = randomUUID();
    for (let i = 0; i < 2; i++) await curl('process/unblock', {}, { 'esteira-request-id': request });
    const id = randomUUID();
    const copy = { id, at: new Date().toISOString(), by: 'local', action: 'unblock', details: {} };
    await log.append(copy);
    await history();
    await log.append(copy);
    await redis.script(`redis.call('XADD', KEYS[1], '*', 'a', 'b')`, actionsKey(system));
    expect((await news()).map(({ action }) => action)).toEqual(['unblock', 'unblock', 'unblock']);
    expect(await log.oldest(10)).toEqual([]);
    await redis.close();
  });

  it('what Redis forgot before it was taken is missing, and what comes then is not', async () => {
    // Nobody takes it meanwhile.
    await pipeline.console.end('SIGKILL');
    await curl('process/unblock');
    const redis = openRedis(inject('env')['REDIS_URL'] ?? '', createLogger({ name: 'test', level: 'silent' }));
    await openActionLog(redis, system).clear();
    await redis.close();
    await curl('process/stop');
    await pipeline.console.start();
    expect((await news()).map(({ action }) => action)).toEqual(['stop']);
  });

  it('without Redis the rest of it is shown, and why something may be missing', async () => {
    const other = await pipeline.consoleWith({ REDIS_URL: 'redis://127.0.0.1:1' });
    await other.start();
    const { body } = await consoleAt(other.url).get<{ items: Done[]; missing: string }>('/v0/pipelines/orders/history');
    expect(body.items.length).toBeGreaterThan(0);
    expect(body.missing).toMatch(/^Redis at 127\.0\.0\.1:1: /);
    await other.end('SIGTERM');
  });

  it('a stop that takes longer than the console waits was asked for, and stands there once', async () => {
    const ask = consoleAt(pipeline.console.url);
    await ask.post(`/v0/pipelines/orders/systems/${system}/run`, { follow: true });
    pipeline.apis[0]?.signal('SIGSTOP');
    try {
      const { status, body } = await ask.post(`/v0/pipelines/orders/systems/${system}/stop`);
      expect([status, body]).toEqual([202, { system, stopping: true }]);
      expect((await news()).map(({ action }) => action)).toEqual(['run', 'stop']);
    } finally {
      pipeline.apis[0]?.signal('SIGCONT');
    }
    await vi.waitFor(async () => {
      expect(await pipeline.get(0, '/v0/process/status')).toMatchObject({ run: null });
    }, patient);
    await curl('process/unblock'); // It is written after the stop.
    expect((await news()).map(({ action }) => action)).toEqual(['run', 'stop', 'unblock']);
  });

  it('what answers in the place of an API is named, with its status and type, and nothing is said to be done', async () => {
    const proxy = createServer((_, response) => {
      response.writeHead(503, { 'content-type': 'text/html' }).end('<h1>Down for maintenance</h1>');
    }).listen(0);
    await once(proxy, 'listening');
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const other = await pipeline.consoleWith({ APPS_URL: url });
    await other.start();
    const { status, body } = await consoleAt(other.url).post(`/v0/pipelines/orders/systems/${system}/run`);
    expect([status, body]).toMatchObject([
      502,
      {
        code: 'api-refused',
        detail: `The API of ${system} answered 503 with text/html, which is not its JSON. Look at what answers at ${url}/v0/process/run.`,
      },
    ]);
    await other.end('SIGTERM');
    proxy.close();
    expect(await news()).toEqual([]);
  });
});

describe('with keys', () => {
  beforeAll(() =>
    start({
      OPERATOR_API_KEYS: Object.entries(KEYS)
        .map(([name, key]) => `${name}:${key}`)
        .join(','),
    }),
  );
  afterAll(() => pipeline.stop());
  beforeEach(async () => {
    before = (await history(undefined, KEYS.ana)).length;
  });

  it('the history names whose key asked an API itself', async () => {
    await curl('process/unblock', {}, as('ana'));
    await curl('insert-data', { positive_inserts: 1, negative_inserts: 0 }, as('ben'));
    expect((await curl('process/clear', {})).status).toBe(401);
    expect((await news(KEYS.ana)).map(({ by, action }) => [by, action])).toEqual([
      ['ana', 'unblock'],
      ['ben', 'insert-data'],
    ]);
  });

  it('what is asked through the console stands there once, with the name of the person', async () => {
    const ask = consoleAt(pipeline.console.url, KEYS.ben);
    const acts = async (action: string, body: object) =>
      (await ask.post(`/v0/pipelines/orders/systems/${system}/${action}`, body)).status;
    expect(await acts('run', { follow: true, max_attempts: 3 })).toBe(202);
    expect(await acts('run', {})).toBe(409);
    expect(await acts('stop', {})).toBe(200);
    expect(await acts('clear', { confirm: system })).toBe(200);
    expect(await news(KEYS.ana)).toEqual([
      { by: 'ben', action: 'run', details: { system, follow: true, max_attempts: 3 } },
      { by: 'ben', action: 'stop', details: { system } },
      { by: 'ben', action: 'clear', details: { system } },
    ]);
  });

  it('also where the console is killed before it hears that it was done', async () => {
    const { promise: done, resolve } = Promise.withResolvers<number>();
    const withholding = createServer((request, response) => {
      const { authorization = '', 'esteira-request-id': id = '' } = request.headers;
      if (request.method !== 'POST') response.writeHead(404).end();
      else
        void curl('process/unblock', {}, { authorization, 'esteira-request-id': String(id) }).then(({ status }) => {
          resolve(status);
        });
    }).listen(0);
    await once(withholding, 'listening');
    const url = `http://127.0.0.1:${(withholding.address() as AddressInfo).port}`;
    const other = await pipeline.consoleWith({ APPS_URL: url });
    await other.start();
    const asked = consoleAt(other.url, KEYS.ben)
      .post(`/v0/pipelines/orders/systems/${system}/unblock`)
      .catch(() => 'nothing');
    expect(await done).toBe(200);
    await other.end('SIGKILL');
    expect(await asked).toBe('nothing');
    withholding.close();
    expect(await news(KEYS.ana)).toEqual([{ by: 'ben', action: 'unblock', details: { system } }]);
  });
});
