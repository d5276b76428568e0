import { Validator } from '@seriousme/openapi-schema-validator';
import { Compile } from 'typebox/compile';
import { patient } from '@esteira/tests/patience';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ownApi, type OwnApi } from './support.ts';

interface Media {
  schema?: object;
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
}
interface Operation {
  operationId?: string;
  summary?: string;
  description?: string;
  tags?: string[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { description?: string; content?: Record<string, Media> }>;
}
interface Document {
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
}

let api: OwnApi;
let document: Document;
let operations: [name: string, operation: Operation][];

beforeAll(async () => {
  api = await ownApi();
  document = (await api.app.inject('/docs/json')).json<Document>();
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [`${method} ${path}`, operation]),
  );
});
afterAll(() => api.drop());

/** Whether a value matches a schema of the document. */
function matches(schema: object | undefined, value: unknown): boolean {
  const { $ref } = (schema ?? {}) as { $ref?: string };
  const meant = $ref === undefined ? schema : document.components.schemas[$ref.split('/').at(-1) ?? ''];
  return meant !== undefined && Compile(meant as never).Check(value);
}

describe('the documentation', () => {
  it('is a valid OpenAPI document', async () => {
    const result = await new Validator().validate(structuredClone(document) as never);
    expect(result).toMatchObject({ valid: true });
  });

  it('has every route of the contract', () => {
    expect(operations.map(([name]) => name).sort()).toEqual([
      'get /health/live',
      'get /health/ready',
      'get /metrics',
      'get /v0/orders/import/{import_id}/refused',
      'get /v0/process/status',
      'post /v0/insert-data',
      'post /v0/orders/import',
      'post /v0/process/clear',
      'post /v0/process/run',
      'post /v0/process/stop',
      'post /v0/process/unblock',
    ]);
  });

  it('says of every operation what it does, under a tag that is explained', () => {
    const tags = document.tags.map(({ name }) => name);
    for (const [name, operation] of operations) {
      expect(operation, name).toMatchObject({
        operationId: expect.any(String) as string,
        summary: expect.any(String) as string,
        description: expect.any(String) as string,
      });
      expect(tags, name).toEqual(expect.arrayContaining(operation.tags ?? ['none']));
    }
    expect(new Set(operations.map(([, { operationId }]) => operationId)).size).toBe(operations.length);
  });

  it('has an example for every body and error, and each matches its schema', () => {
    const problems = operations.flatMap(([name, { responses }]) =>
      Object.entries(responses)
        .filter(([status]) => Number(status) >= 400)
        .map(([status, response]) => ({ name, status, media: response.content?.['application/problem+json'] })),
    );
    expect(problems.length).toBeGreaterThan(10);
    for (const { name, status, media } of problems) {
      const examples = Object.entries(media?.examples ?? {});
      expect(examples.length, `${name} ${status}`).toBeGreaterThan(0);
      for (const [code, { value }] of examples) {
        expect(value).toMatchObject({ code, status: Number(status) });
        expect(matches(media?.schema, value), `${name} ${status} ${code}`).toBe(true);
      }
    }
    const { content } = document.paths['/v0/insert-data']?.['post']?.requestBody ?? { content: {} };
    expect(content['application/json']?.example).toEqual({ positive_inserts: 700, negative_inserts: 300 });
  });

  it.each(['/docs', '/redoc'])('can be read at %s', async (url) => {
    expect((await api.app.inject(url)).statusCode).toBe(200);
  });

  it.each([
    ['post', '/v0/insert-data', { positive_inserts: 2, negative_inserts: 1 }, 201],
    ['get', '/v0/process/status', undefined, 200],
    ['post', '/v0/process/stop', undefined, 200],
    ['post', '/v0/process/unblock', {}, 200],
    ['post', '/v0/process/run', undefined, 202],
    ['get', '/health/ready', undefined, 200],
  ] as const)('describes what %s %s answers', async (method, path, payload, status) => {
    const ask = () => api.app.inject({ method, url: path, ...(payload === undefined ? {} : { payload }) });
    // A check that answers late on a busy machine makes the API unready for a moment.
    const response =
      path === '/health/ready'
        ? await vi.waitFor(async () => {
            const ready = await ask();
            expect(ready.statusCode).toBe(status);
            return ready;
          }, patient)
        : await ask();
    expect(response.statusCode).toBe(status);
    const schema = document.paths[path]?.[method]?.responses[String(status)]?.content?.['application/json']?.schema;
    expect(matches(schema, response.json()), response.body).toBe(true);
  });
});

describe('every error', () => {
  const json = { 'content-type': 'application/json' };
  const csv = { 'content-type': 'text/csv' };
  it.each([
    ['POST', '/v0/insert-data', json, '{}', 400, 'invalid-request'],
    ['POST', '/v0/insert-data', json, '{"positive_inserts":0,"negative_inserts":0}', 400, 'invalid-request'],
    ['POST', '/v0/insert-data', json, '{"positive_inserts":-1,"negative_inserts":5}', 400, 'invalid-request'],
    ['POST', '/v0/insert-data', json, '{"positive_inserts":1.5,"negative_inserts":5}', 400, 'invalid-request'],
    ['POST', '/v0/insert-data', json, '{"positive_inserts":"1","negative_inserts":5}', 400, 'invalid-request'],
    ['POST', '/v0/insert-data', json, '{"positive_inserts":600000,"negative_inserts":400001}', 400, 'invalid-request'],
    ['POST', '/v0/insert-data', json, '{"positive_inserts":1,"negative_inserts":1,"x":1}', 400, 'invalid-request'],
    ['POST', '/v0/insert-data', json, '[1]', 400, 'invalid-request'],
    ['POST', '/v0/insert-data', json, '{"positive', 400, 'malformed-json'],
    ['POST', '/v0/insert-data', csv, 'a,b', 415, 'unsupported-media-type'],
    ['GET', '/v0/insert-data', {}, '', 405, 'method-not-allowed'],
    ['POST', '/v0/process/run', json, '{"max_attempts":0}', 400, 'invalid-request'],
    ['POST', '/v0/process/run', json, '{"max_attempts":101}', 400, 'invalid-request'],
    ['POST', '/v0/process/run', json, '{"attempts":5}', 400, 'invalid-request'],
    ['POST', '/v0/process/clear', json, '{"all":true}', 400, 'invalid-request'],
    ['POST', '/v0/process/status', {}, '', 405, 'method-not-allowed'],
    ['POST', '/v0/process/pause', {}, '', 404, 'not-found'],
    ['POST', '/v0/orders/import', {}, '', 400, 'invalid-request'],
    ['POST', '/v0/orders/import', csv, '', 400, 'columns-not-found'],
    ['POST', '/v0/orders/import', csv, 'a,b\n1,2\n', 400, 'columns-not-found'],
    ['POST', '/v0/orders/import?price=a&product=a&x=1', csv, 'a,b\n', 400, 'invalid-request'],
    ['POST', '/v0/orders/import?delimiter=%22', csv, 'a,b\n', 400, 'invalid-request'],
    ['POST', '/v0/orders/import', json, '{}', 415, 'unsupported-media-type'],
    ['POST', '/v0/orders/import', { ...csv, 'content-encoding': 'br' }, 'product,price', 415, 'unsupported-media-type'],
    ['POST', '/v0/orders/import', csv, Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3]), 400, 'body-not-gzip'],
    ['GET', '/v0/orders/import/1/refused', {}, '', 400, 'invalid-request'],
    ['GET', '/v0/orders/import/6f3c2d8e-5d0c-4a55-9a0e-5f2b6c1f7d10/refused', {}, '', 404, 'not-found'],
    ['GET', '/v0/process/status', { host: 'evil.example' }, '', 403, 'foreign-host'],
    ['POST', '/v0/process/clear', { origin: 'https://evil.example' }, '', 403, 'foreign-origin'],
  ] as const)('%s %s %j %j is a problem', async (method, url, headers, payload, status, code) => {
    const response = await api.app.inject({ method, url, headers, ...(payload === '' ? {} : { payload }) });
    expect(response.json()).toMatchObject({ status, code, detail: expect.any(String) as string });
    expect(response.statusCode).toBe(status);
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
    const { Problem } = document.components.schemas;
    expect(matches(Problem, response.json())).toBe(true);
  });
});
