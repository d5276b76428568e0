import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, createMetrics } from '@esteira/observability';
import { Type } from 'typebox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp, openSessions, type App, type Key } from '../src/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'esteira-page-'));
const keys: Key[] = [{ name: 'ana', key: 'the-key-of-ana-0001', role: 'operator' }];
let app: App;

beforeAll(async () => {
  mkdirSync(join(directory, 'assets'));
  writeFileSync(join(directory, 'index.html'), '<!doctype html><title>Page</title>');
  writeFileSync(join(directory, 'assets', 'main-1a2b.js'), `console.log(${'"x"+'.repeat(1_000)}"x")`);
  app = await createApp({
    logger: createLogger({ name: 'test', level: 'silent' }),
    metrics: createMetrics({ app: 'test' }),
    info: { title: 'Test', version: '1', description: 'A test.', tags: [] },
    allowedHosts: 'localhost',
    trustedProxies: 'loopback',
    access: { keys, sessions: openSessions(keys, '') },
    page: directory,
    checks: {},
  });
  const response = { 200: Type.Object({ text: Type.String() }) };
  app.get('/v0/long', { schema: { response }, handler: () => ({ text: 'x'.repeat(10_000) }) });
  app.post('/v0/act', { schema: { response }, handler: () => ({ text: '' }) });
  await app.ready();
});
afterAll(async () => {
  await app.close();
  rmSync(directory, { recursive: true });
});

const get = (url: string, headers: Record<string, string> = {}) =>
  app.inject({ url, headers: { host: 'localhost', ...headers } });
const browser = { accept: 'text/html,*/*', 'accept-encoding': 'gzip' };

describe('a page', () => {
  it.each(['/', '/messages', '/messages/7c3f/x?y=1', '/dead-letters/a.b'])('is opened by a link to %s', async (url) => {
    const response = await get(url, { accept: browser.accept });
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' });
    expect(response.headers['content-security-policy']).toContain("script-src 'self';");
    expect(response.body).toContain('<title>Page</title>');
  });

  it('has files that browsers keep, compressed', async () => {
    const { headers } = await get('/assets/main-1a2b.js', browser);
    expect(headers).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-encoding': 'gzip',
      'content-type': expect.stringContaining('javascript') as string,
    });
  });

  it.each(['/v0/nothing', '/assets/gone.js', '/docs/nothing', '/v0'])('is not what stands at %s', async (url) => {
    expect((await get(url, browser)).json()).toMatchObject({ status: 404, code: 'not-found' });
  });

  it('leaves the API as it is', async () => {
    expect((await get('/messages')).json()).toMatchObject({ code: 'not-found' });
    expect((await get('/v0/act', browser)).json()).toMatchObject({ code: 'method-not-allowed' });
    expect((await get('/v0/long', browser)).statusCode).toBe(401);
    const long = await get('/v0/long', { authorization: `Bearer ${keys[0]?.key ?? ''}`, 'accept-encoding': 'gzip' });
    expect(long.headers['content-encoding']).toBe('gzip');
    expect((await get('/docs/json')).json()).not.toHaveProperty(['paths', '/assets/main-1a2b.js']);
  });
});
