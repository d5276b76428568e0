import fc from 'fast-check';
import { Compile } from 'typebox/compile';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownApi, type OwnApi } from './support.ts';

interface Problem {
  code: string;
  status: number;
  errors: { pointer: string; in: string; detail: string }[];
}

let api: OwnApi;
let bodySchemas: Map<string, object>;
beforeAll(async () => {
  api = await ownApi();
  const { paths } = (await api.app.inject('/docs/json')).json<{ paths: Record<string, { post?: Operation }> }>();
  bodySchemas = new Map(
    Object.entries(paths).map(([path, { post }]) => [
      path,
      post?.requestBody?.content['application/json']?.schema ?? {},
    ]),
  );
});
afterAll(() => api.drop());

interface Operation {
  requestBody?: { content: Record<string, { schema: object }> };
}

const JSON_ROUTES = [
  '/v0/insert-data',
  '/v0/process/run',
  '/v0/process/stop',
  '/v0/process/clear',
  '/v0/process/unblock',
] as const;

/** Bodies that have much in common with good ones, and others. */
const numbers = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(0, 1, 100, 101, 1_000_000, 1_000_001));
const bodies = fc.oneof(
  fc.jsonValue(),
  fc.record(
    {
      positive_inserts: fc.oneof(numbers, fc.jsonValue()),
      negative_inserts: fc.oneof(numbers, fc.jsonValue()),
      max_attempts: fc.oneof(numbers, fc.jsonValue()),
      follow: fc.oneof(fc.boolean(), fc.jsonValue()),
      ['a/b~c']: fc.jsonValue(),
    },
    { requiredKeys: [] },
  ),
);

const post = (url: string, payload: string | Buffer, headers: Record<string, string>) =>
  api.app.inject({ method: 'POST', url, payload, headers });

/** Refused before any schema is asked, as JSON that is not to be read: a test of its own shows that. */
const REACHES_INTO_PROTOTYPES = /"(__proto__|constructor)"/;

const JSON_TYPE = { 'content-type': 'application/json' };

/** Expects a problem that says where its mistakes are. */
function expectPlaced(response: Awaited<ReturnType<typeof post>>, status: number, code: string): Problem['errors'] {
  expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
  const problem = response.json<Problem>();
  expect([response.statusCode, problem.status, problem.code]).toEqual([status, status, code]);
  expect(problem.errors.length).toBeGreaterThan(0);
  return problem.errors;
}

/** Whether a JSON pointer leads to a value, or to a member that a value does not have. */
function leadsSomewhere(value: unknown, pointer: string): boolean {
  if (pointer === '') return true;
  const names = pointer.slice(1).split('/');
  const parent = names.slice(0, -1).reduce<unknown>((at, name) => (at as never)[name], value);
  return pointer.startsWith('/') && typeof parent === 'object' && parent !== null;
}

describe.each(JSON_ROUTES)('POST %s', (url) => {
  it('refuses every body that breaks its schema, and points into it', async () => {
    const schema = Compile(bodySchemas.get(url) as never);
    const property = fc.asyncProperty(bodies, async (body) => {
      const sent = JSON.stringify(body);
      const read = JSON.parse(sent) as unknown;
      fc.pre(!schema.Check(read) && !REACHES_INTO_PROTOTYPES.test(sent));
      for (const mistake of expectPlaced(await post(url, sent, JSON_TYPE), 400, 'invalid-request')) {
        expect(mistake.in).toBe('body');
        expect(leadsSomewhere(read, mistake.pointer), `${mistake.pointer} in ${sent}`).toBe(true);
      }
    });
    await fc.assert(property, {
      examples: [[null], [[]], ['{}'], [{ __proto__: null, toString: 1 }], [{ positive_inserts: 1e308 }]],
    });
  });

  it('refuses bytes that are not JSON', async () => {
    const property = fc.asyncProperty(fc.uint8Array({ minLength: 1 }), async (bytes) => {
      const sent = Buffer.from(bytes);
      fc.pre(!isJson(sent.toString()));
      expectPlaced(await post(url, sent, JSON_TYPE), 400, 'malformed-json');
    });
    await fc.assert(property, { numRuns: 50 });
  });

  it('refuses what is too large, of another type, or would reach into prototypes', async () => {
    expectPlaced(await post(url, `{"x":"${'x'.repeat(65_536)}"}`, JSON_TYPE), 413, 'body-too-large');
    for (const type of ['text/plain', 'application/xml', 'nonsense', 'multipart/form-data', 'application/jsonp']) {
      const [mistake] = expectPlaced(await post(url, '{}', { 'content-type': type }), 415, 'unsupported-media-type');
      expect(mistake).toMatchObject({ in: 'headers', pointer: '/content-type' });
    }
    expectPlaced(await post(url, '{"__proto__":{"max_attempts":1}}', JSON_TYPE), 400, 'malformed-json');
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('POST /v0/insert-data', () => {
  it('refuses a sum that is not 1 to 1,000,000', async () => {
    const counts = fc.integer({ min: 0, max: 1_000_000 });
    const property = fc.asyncProperty(counts, counts, async (positive, negative) => {
      fc.pre(positive + negative > 1_000_000);
      const body = JSON.stringify({ positive_inserts: positive, negative_inserts: negative });
      expectPlaced(await post('/v0/insert-data', body, JSON_TYPE), 400, 'invalid-request');
    });
    await fc.assert(property, { examples: [[1_000_000, 1]] });
    const nothing = JSON.stringify({ positive_inserts: 0, negative_inserts: 0 });
    expectPlaced(await post('/v0/insert-data', nothing, JSON_TYPE), 400, 'invalid-request');
  });
});

describe('POST /v0/orders/import', () => {
  const texts = fc.string({ unit: 'binary', maxLength: 12 });
  const names = fc.oneof(fc.constantFrom('product', 'price', 'created_at'), texts);
  const line = fc.oneof(
    fc.array(names, { maxLength: 4 }).map((fields) => fields.join(',')),
    fc.dictionary(names, fc.jsonValue(), { maxKeys: 3 }).map((object) => JSON.stringify(object)),
  );
  const files = fc.oneof(
    fc.array(line, { maxLength: 6 }).map((lines) => Buffer.from(`product,price\n${lines.join('\n')}`)),
    fc.array(line, { maxLength: 6 }).map((lines) => Buffer.from(lines.join('\n'))),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.uint8Array().map((bytes) => Buffer.from([0x1f, 0x8b, ...bytes])),
  );
  const types = fc.constantFrom('text/csv', 'application/x-ndjson', 'application/gzip', 'application/octet-stream');
  const queries = fc.record(
    { product: texts, price: names, created_at: names, delimiter: texts },
    { requiredKeys: [] },
  );
  const send = (file: Buffer, type: string, query: Record<string, string>, headers: Record<string, string> = {}) =>
    post(`/v0/orders/import?${new URLSearchParams(query).toString()}`, file, { 'content-type': type, ...headers });

  it('takes any file, or says what is wrong with it', async () => {
    const property = fc.asyncProperty(files, types, queries, async (file, type, query) => {
      const response = await send(file, type, query);
      if (response.statusCode === 201) return;
      const { code } = response.json<Problem>();
      expect(['invalid-request', 'columns-not-found', 'body-not-gzip']).toContain(code);
      expectPlaced(response, 400, code);
    });
    await fc.assert(property, {
      numRuns: 200,
      examples: [
        // A reason quotes the name, and Postgres keeps no NUL.
        [Buffer.from('{"price":1}'), 'application/x-ndjson', { product: 'a\0b' }],
        [Buffer.from('product,price\n"a,1'), 'text/csv', { delimiter: '\0' }],
      ],
    });
  });

  it.each([
    ['an empty name of a column', { product: '' }, '/product'],
    ['a name that is too long', { price: 'x'.repeat(201) }, '/price'],
    ['a delimiter that ends lines', { delimiter: '\n' }, '/delimiter'],
    ['a delimiter that quotes', { delimiter: '"' }, '/delimiter'],
    ['a parameter that is not known', { limit: '5' }, '/limit'],
  ])('refuses %s', async (_what, query, pointer) => {
    const response = await send(Buffer.from('product,price\n'), 'text/csv', query);
    const errors = expectPlaced(response, 400, 'invalid-request');
    expect(errors).toContainEqual(expect.objectContaining({ in: 'querystring', pointer }));
  });

  it('refuses a parameter that is given twice', async () => {
    const response = await post('/v0/orders/import?price=a&price=b', 'product,a', { 'content-type': 'text/csv' });
    expect(expectPlaced(response, 400, 'invalid-request')).toMatchObject([{ in: 'querystring', pointer: '/price' }]);
  });

  it.each(['', 'x'.repeat(256)])('refuses a key of %s', async (key) => {
    const response = await send(Buffer.from('product,price\n'), 'text/csv', {}, { 'idempotency-key': key });
    const errors = expectPlaced(response, 400, 'invalid-request');
    expect(errors).toMatchObject([{ in: 'headers', pointer: '/idempotency-key' }]);
  });

  it('points at the header of an encoding or a type that it does not know, and at a body that is not there', async () => {
    const file = Buffer.from('product,price\n');
    const encoded = await send(file, 'text/csv', {}, { 'content-encoding': 'br' });
    expect(expectPlaced(encoded, 415, 'unsupported-media-type')).toMatchObject([{ pointer: '/content-encoding' }]);
    const typed = await send(file, 'text/html', {});
    expect(expectPlaced(typed, 415, 'unsupported-media-type')).toMatchObject([{ pointer: '/content-type' }]);
    const nothing = await api.app.inject({ method: 'POST', url: '/v0/orders/import' });
    expect(expectPlaced(nothing, 400, 'invalid-request')).toMatchObject([{ pointer: '', in: 'body' }]);
  });
});

describe('GET /v0/orders/import/:import_id/refused', () => {
  it('refuses every id that is no UUID', async () => {
    const property = fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }), async (id) => {
      fc.pre(!['.', '..'].includes(id));
      const response = await api.app.inject(`/v0/orders/import/${encodeURIComponent(id)}/refused`);
      const errors = expectPlaced(response, 400, 'invalid-request');
      expect(errors).toMatchObject([{ in: 'params', pointer: '/import_id' }]);
    });
    await fc.assert(property);
  });
});
