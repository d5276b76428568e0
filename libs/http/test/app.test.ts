import { once } from 'node:events';
import { connect } from 'node:net';
import { createLogger, createMetrics } from '@esteira/observability';
import { Type } from 'typebox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp, defineProblem, optionalBody, problemResponses, type App } from '../src/index.ts';

const taken = defineProblem({ code: 'name-taken', status: 409, title: 'Somebody else has that name.' });
const state = { dependency: (): Promise<unknown> => Promise.resolve() };
let app: App;

beforeAll(async () => {
  app = await createApp({
    logger: createLogger({ name: 'test', level: 'silent' }),
    metrics: createMetrics({ app: 'test' }),
    info: { title: 'Test', version: '1', description: 'A test.', tags: [] },
    allowedHosts: 'localhost,127.0.0.1,[::1]',
    trustedProxies: 'loopback',
    access: { keys: [] },
    checks: { fine: () => Promise.resolve(), dependency: () => state.dependency() },
  });
  addRoutes(app);
  await app.ready();
});
afterAll(() => app.close());

function addRoutes(to: App): void {
  const closed = { additionalProperties: false };
  to.post('/things/:id', {
    schema: {
      params: Type.Object({ id: Type.Integer({ minimum: 1 }) }, closed),
      querystring: Type.Object({ n: Type.Optional(Type.Integer()) }, closed),
      body: Type.Object({ name: Type.String({ maxLength: 5 }), kind: Type.Optional(Type.Enum(['a', 'b'])) }, closed),
      response: { 200: Type.Object({ ok: Type.Boolean() }), ...problemResponses(taken) },
    },
    handler: ({ body, query }) => {
      if (body.name === 'taken') throw taken(`The name ${body.name} is taken.`, { name: body.name });
      if (body.name === 'crash') throw new Error('secret: postgres://u:p@h/d');
      return { ok: true, n: query.n };
    },
  });
  to.get('/worded/:code', {
    schema: {
      params: Type.Object({
        code: Type.String({ title: 'a code (two letters)', pattern: '^[a-z]{2}$', minLength: 2 }),
      }),
      querystring: Type.Object({
        like: Type.Optional(Type.String({ pattern: '^[0-9]+$', examples: ['17'] })),
        plain: Type.Optional(Type.String({ pattern: '^[0-9]+$' })),
      }),
      response: {},
    },
    handler: () => ({}),
  });
  to.post('/optional', {
    schema: { body: Type.Object({ n: Type.Optional(Type.Integer()) }, closed), ...optionalBody, response: {} },
    handler: ({ body }) => body,
  });
}

const post = (url: string, payload: unknown, headers: Record<string, string> = {}) =>
  app.inject({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json', ...headers },
    payload: payload as string,
  });

describe('an app', () => {
  it.each([
    ['an unknown path', { method: 'GET', url: '/nothing' }, 404, 'not-found'],
    [
      'an unknown path with a body nobody reads',
      { method: 'POST', url: '/nothing', payload: '<a/>', headers: { 'content-type': 'text/xml' } },
      404,
      'not-found',
    ],
    ['a known path with another method', { method: 'DELETE', url: '/things/1' }, 405, 'method-not-allowed'],
    [
      'a body of another type',
      { method: 'POST', url: '/things/1', payload: '<a/>', headers: { 'content-type': 'text/xml' } },
      415,
      'unsupported-media-type',
    ],
    ['no body', { method: 'POST', url: '/things/1' }, 400, 'invalid-request'],
    [
      'an empty body',
      { method: 'POST', url: '/things/1', headers: { 'content-type': 'application/json' } },
      400,
      'invalid-request',
    ],
    [
      'a body that is not JSON',
      { method: 'POST', url: '/things/1', payload: '{', headers: { 'content-type': 'application/json' } },
      400,
      'malformed-json',
    ],
    [
      'a body with __proto__',
      {
        method: 'POST',
        url: '/things/1',
        payload: '{"__proto__":{}}',
        headers: { 'content-type': 'application/json' },
      },
      400,
      'malformed-json',
    ],
    [
      'a body that is too large',
      { method: 'POST', url: '/things/1', payload: { name: 'x'.repeat(70_000) } },
      413,
      'body-too-large',
    ],
    ['a URL that does not decode', { method: 'GET', url: '/%zz' }, 400, 'malformed-request'],
    ['a wrong parameter', { method: 'POST', url: '/things/x', payload: { name: 'a' } }, 400, 'invalid-request'],
    ['a wrong query', { method: 'POST', url: '/things/1?n=x', payload: { name: 'a' } }, 400, 'invalid-request'],
    ['an unknown query', { method: 'POST', url: '/things/1?m=1', payload: { name: 'a' } }, 400, 'invalid-request'],
    ['an error of a route', { method: 'POST', url: '/things/1', payload: { name: 'taken' } }, 409, 'name-taken'],
    [
      'an error nobody foresaw',
      { method: 'POST', url: '/things/1', payload: { name: 'crash' } },
      500,
      'internal-error',
    ],
  ] as const)('answers %s with a problem', async (_what, request, status, code) => {
    const response = await app.inject(request as never);
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(response.json()).toMatchObject({ status, code, type: `urn:esteira:problem:${code}` });
    expect(response.statusCode).toBe(status);
    expect(response.body).not.toMatch(/secret|at .*\.ts:/);
  });

  it('points at each mistake of a body, and at unknown members by their names', async () => {
    const response = await post('/things/1', { kind: 'c', 'a/b': 1 });
    expect(response.json()).toMatchObject({
      errors: expect.arrayContaining([
        { pointer: '/name', in: 'body', detail: 'is missing' },
        { pointer: '/a~1b', in: 'body', detail: 'is not known here' },
        { pointer: '/kind', in: 'body', detail: expect.stringContaining('a, b') as string },
      ]) as unknown[],
    });
    expect(response.json<{ errors: unknown[] }>().errors).toHaveLength(3);
  });

  it('says what is wanted in the words of the schema, and never prints a pattern', async () => {
    const detailOf = async (url: string) => (await app.inject({ url })).json<{ detail: string }>().detail;
    expect(await detailOf('/worded/A')).toBe('code is not a code (two letters).');
    expect(await detailOf('/worded/ab?like=x')).toBe('like is not written like 17.');
    expect(await detailOf('/worded/ab?plain=x')).toBe('plain is not written as GET /docs describes it.');
  });

  it('points at some of the mistakes where there are many', async () => {
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`m${i}`, i]));
    const { errors } = (await post('/things/1', many)).json<{ errors: { pointer: string; detail: string }[] }>();
    expect(errors).toContainEqual(expect.objectContaining({ pointer: '/m0', detail: 'is not known here' }));
  });

  it('says where a body as a whole is wrong, and which header', async () => {
    const errorsOf = async (payload: unknown, headers: Record<string, string> = {}) =>
      (await post('/things/1', payload, headers)).json<{ errors: unknown }>().errors;
    expect(await errorsOf('{')).toEqual([expect.objectContaining({ pointer: '', in: 'body' })]);
    expect(await errorsOf({ name: 'x'.repeat(70_000) })).toEqual([expect.objectContaining({ in: 'body' })]);
    for (const type of ['text/xml', 'text/plain']) {
      expect(await errorsOf('{"name":"a"}', { 'content-type': type })).toEqual([
        { pointer: '/content-type', in: 'headers', detail: 'is not taken here' },
      ]);
    }
  });

  it('takes a body for {} that is left out where it may be, and no null for one', async () => {
    expect((await app.inject({ method: 'POST', url: '/optional' })).json()).toEqual({});
    expect((await post('/optional', '')).json()).toEqual({});
    expect((await post('/optional', 'null')).json()).toMatchObject({ code: 'invalid-request', status: 400 });
  });

  it('takes no text for a number in a body, and does in a query', async () => {
    expect((await post('/things/1', { name: 5 })).statusCode).toBe(400);
    expect((await post('/things/1?n=5', { name: 'five' })).json()).toEqual({ ok: true, n: 5 });
  });

  it('names the methods of a path that does not take another', async () => {
    const response = await app.inject({ method: 'PUT', url: '/health/live?x=1' });
    expect(response.headers.allow).toBe('GET, HEAD');
  });

  it.each([
    ['bytes that are no HTTP', 'NONSENSE\r\n\r\n', 400, 'malformed-request'],
    [
      'an expectation it can not meet',
      'GET /health/live HTTP/1.1\r\nHost: localhost\r\nExpect: cake\r\nConnection: close\r\n\r\n',
      417,
      'expectation-failed',
    ],
  ])('answers %s with a problem', async (_what, bytes, status, code) => {
    if (!app.server.listening) await app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = app.server.address() as { port: number };
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    await once(socket, 'close');
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*application/problem\\+json[^]*"code":"${code}"`, 'i'));
  });
});

describe('who may ask', () => {
  const get = (headers: Record<string, string>) => app.inject({ url: '/health/live', headers });

  it.each(['localhost', 'localhost:8001', '127.0.0.1:9', '[::1]:8001'])('answers to the host %s', async (host) => {
    expect((await get({ host })).statusCode).toBe(200);
    expect((await get({ host, origin: `http://${host}` })).statusCode).toBe(200);
  });

  it.each(['evil.example', 'localhost.evil.example', 'localhost@evil.example', '127.0.0.1.nip.io', '0.0.0.0:8001'])(
    'refuses the host %j',
    async (host) => {
      expect((await get({ host })).json()).toMatchObject({ status: 403, code: 'foreign-host' });
    },
  );

  it.each(['https://evil.example', 'null', 'http://localhost.evil.example:8001', 'file://'])(
    'refuses a page of the origin %s',
    async (origin) => {
      expect((await get({ host: 'localhost:8001', origin })).json()).toMatchObject({ code: 'foreign-origin' });
    },
  );

  it('is what the setting names, whatever address the app listens on', async () => {
    const own = await createApp({
      logger: createLogger({ name: 'test', level: 'silent' }),
      metrics: createMetrics({ app: 'test' }),
      info: { title: 'Test', version: '1', description: 'A test.', tags: [] },
      allowedHosts: 'Orders.example,127.0.0.1',
      trustedProxies: 'loopback',
      access: { keys: [] },
      checks: {},
    });
    await own.listen({ port: 0, host: '0.0.0.0' });
    const status = async (headers: Record<string, string>) =>
      (await own.inject({ url: '/health/live', headers })).statusCode;
    expect(await status({ host: 'orders.example:8001', origin: 'https://orders.example' })).toBe(200);
    expect(await status({ host: 'rebound.example:8001' })).toBe(403);
    expect(await status({ host: 'rebound.example', origin: 'http://rebound.example' })).toBe(403);
    expect(await status({ host: '127.0.0.1', origin: 'http://rebound.example' })).toBe(403);
    await own.close();
  });
});

describe('health', () => {
  it('is ready when every check answers', async () => {
    state.dependency = () => Promise.resolve();
    const response = await app.inject('/health/ready');
    expect(response.statusCode).toBe(200);
    expect(response.json()).toMatchObject({
      status: 'ready',
      checks: { fine: { ok: true }, dependency: { ok: true } },
    });
  });

  it('says which check is down, and when to ask again', async () => {
    state.dependency = () => Promise.reject(new Error('connect ECONNREFUSED 127.0.0.1:1'));
    const response = await app.inject('/health/ready');
    expect(response.statusCode).toBe(503);
    expect(response.headers['retry-after']).toBe('5');
    expect(response.json()).toMatchObject({
      code: 'not-ready',
      detail: expect.stringContaining('dependency (connect ECONNREFUSED') as string,
      checks: { fine: { ok: true }, dependency: { ok: false } },
    });
  });

  it('does not wait for a check that hangs', async () => {
    state.dependency = () => new Promise(() => undefined);
    const response = await app.inject('/health/ready');
    expect(response.json()).toMatchObject({ checks: { dependency: { error: 'no answer within 2000 ms' } } });
  });

  it('counts requests by route, not by path', async () => {
    await post('/things/77', { name: 'a' });
    const { body } = await app.inject('/metrics');
    expect(body).toMatch(/http_request_duration_seconds_count\{[^}]*route="\/things\/:id",status="200"/);
    expect(body).not.toContain('/things/77');
  });
});

describe('documentation', () => {
  it('is an OpenAPI document with the problems of each route', async () => {
    const document = (await app.inject('/docs/json')).json<Record<string, unknown>>();
    expect(document).toMatchObject({
      openapi: '3.1.0',
      components: { schemas: { Problem: { type: 'object' } } },
      paths: {
        '/things/{id}': {
          post: {
            responses: {
              '409': {
                content: {
                  'application/problem+json': {
                    schema: { $ref: '#/components/schemas/Problem' },
                    examples: { 'name-taken': { value: { status: 409 } } },
                  },
                },
              },
            },
          },
        },
      },
    });
  });

  it.each(['/docs', '/redoc', '/redoc/redoc.standalone.js'])('is served at %s, from here alone', async (url) => {
    const response = await app.inject(url);
    expect(response.statusCode).toBe(200);
    if (url !== '/redoc') return;
    expect(response.headers['content-security-policy']).toContain("default-src 'none'");
    expect(response.body).not.toMatch(/https?:/);
  });
});

describe('an app that is being stopped', () => {
  it('answers what still comes with a problem, and finishes what is at work', async () => {
    const own = await createApp({
      logger: createLogger({ name: 'test', level: 'silent' }),
      metrics: createMetrics({ app: 'test' }),
      info: { title: 'Test', version: '1', description: 'A test.', tags: [] },
      allowedHosts: 'localhost',
      trustedProxies: 'loopback',
      access: { keys: [] },
      checks: {},
    });
    const work = Promise.withResolvers<{ done: true }>();
    const taken = Promise.withResolvers<undefined>();
    const stopping = Promise.withResolvers<undefined>();
    own.get('/slow', { schema: { hide: true } }, () => {
      taken.resolve(undefined);
      return work.promise;
    });
    own.addHook('preClose', (done) => {
      stopping.resolve(undefined);
      done();
    });
    await own.listen({ port: 0, host: '127.0.0.1' });
    const ask = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    const socket = connect((own.server.address() as { port: number }).port, '127.0.0.1');
    let answers = '';
    socket.on('data', (chunk: Buffer) => (answers += chunk.toString()));
    const ended = once(socket, 'close');
    socket.write(ask('/slow'));
    await taken.promise;
    const closed = own.close();
    await stopping.promise;
    socket.write(ask('/health/live'));
    await once(own.server, 'request');
    work.resolve({ done: true });
    await Promise.all([closed, ended]);
    expect(answers).toMatch(
      /^HTTP\/1.1 200 [^]*{"done":true}HTTP\/1.1 503 [^]*retry-after: 10\r\n[^]*"code":"shutting-down"/,
    );
  });
});
