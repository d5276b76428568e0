import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadSettings } from '@esteira/settings';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appClient } from '../src/clients.ts';

let app: Server;
beforeAll(async () => {
  app = createServer((request, response) => response.end(request.headers.authorization ?? 'nobody')).listen(0);
  await once(app, 'listening');
});
afterAll(() => app.close());

describe('an app', () => {
  it.each([
    [
      'the key that is called console',
      'ana:key-0123456789-ana,console:key-0123456789-own',
      'Bearer key-0123456789-own',
    ],
    ['the first operator where none is', 'ana:key-0123456789-ana,ben:key-0123456789-ben', 'Bearer key-0123456789-ana'],
    ['no key where there are none', '', 'nobody'],
  ])('is asked with %s', async (_, keys, expected) => {
    const settings = loadSettings({ OPERATOR_API_KEYS: keys });
    const client = appClient('api-system-1', (app.address() as AddressInfo).port, settings);
    expect(await (await client.get('/')).text()).toBe(expected);
    expect(await (await client.post('/', {})).text()).toBe(expected);
  });
});
