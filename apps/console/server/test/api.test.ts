import { Validator } from '@seriousme/openapi-schema-validator';
import { startPipeline, type Pipeline } from '@esteira/tests/support';
import { patient } from '@esteira/tests/patience';
import { Compile } from 'typebox/compile';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { askConsole } from './support.ts';

interface Media {
  schema?: object;
  examples?: Record<string, { value: unknown }>;
}
interface Operation {
  operationId?: string;
  tags?: string[];
  responses: Record<string, { content?: Record<string, Media> }>;
}
interface Document {
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
}
interface Letter {
  message_id: string;
  origin: string;
  key: string;
  state: string;
}
interface Listed {
  items: Letter[];
  next_cursor: string | null;
}

const POSITIVE = 30;
const NEGATIVE = 12;

let pipeline: Pipeline;
let ask: ReturnType<typeof askConsole>;
let document: Document;
let system: string;

beforeAll(async () => {
  pipeline = await startPipeline({ systems: 1, env: { MAX_ATTEMPTS: '2' } });
  await pipeline.console.start();
  ask = askConsole(pipeline);
  system = pipeline.settings.systems[0]?.name ?? '';
  document = (await ask.get<Document>('/docs/json')).body;
  await pipeline.post(0, '/v0/insert-data', { positive_inserts: POSITIVE, negative_inserts: NEGATIVE });
  expect((await ask.post(`/v0/pipelines/orders/systems/${system}/run`)).status).toBe(202);
  await vi.waitFor(async () => {
    const { body } = await ask.get<{ groups: { count: number }[] }>('/v0/pipelines/orders/dead-letters/groups');
    expect(body.groups[0]?.count).toBe(NEGATIVE);
    expect(await pipeline.get(0, '/v0/process/status')).toMatchObject({ cursor: { status: 'FINISHED' } });
  }, patient);
});
afterAll(() => pipeline.stop());

/** Whether a value matches what the document says of an answer. */
function isDescribed(method: string, path: string, status: number, value: unknown): boolean {
  const content = document.paths[path]?.[method]?.responses[String(status)]?.content ?? {};
  const { schema } = Object.values(content)[0] ?? {};
  const { $ref } = (schema ?? {}) as { $ref?: string };
  const meant = $ref === undefined ? schema : document.components.schemas[$ref.split('/').at(-1) ?? ''];
  return meant !== undefined && Compile(meant as never).Check(value);
}

describe('the document', () => {
  it('is valid, and says of each operation what it does, under a tag that is explained', async () => {
    expect(await new Validator().validate(structuredClone(document) as never)).toMatchObject({ valid: true });
    const tags = document.tags.map(({ name }) => name);
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    for (const operation of operations) expect(tags).toEqual(expect.arrayContaining(operation.tags ?? ['none']));
  });

  it.each([
    ['/v0/pipelines/{pipeline}/overview', '/v0/pipelines/orders/overview'],
    ['/v0/pipelines/{pipeline}/overview/history', '/v0/pipelines/orders/overview/history'],
    ['/v0/session', '/v0/session'],
    ['/v0/pipelines', '/v0/pipelines'],
    ['/v0/pipelines/orders/messages', '/v0/pipelines/orders/messages'],
    ['/v0/pipelines/orders/messages', '/v0/pipelines/orders/messages?status=succeeded&attempt=1&limit=3'],
    ['/v0/pipelines/orders/messages', '/v0/pipelines/orders/messages?words=negative'],
    ['/v0/pipelines/{pipeline}/dead-letters/groups', '/v0/pipelines/orders/dead-letters/groups'],
    ['/v0/pipelines/{pipeline}/dead-letters', '/v0/pipelines/orders/dead-letters?limit=2&sort=message_id'],
    ['/v0/pipelines/{pipeline}/jobs', '/v0/pipelines/orders/jobs'],
    ['/v0/pipelines/{pipeline}/history', '/v0/pipelines/orders/history'],
  ])('describes what GET %s answers', async (path, url) => {
    const { status, body } = await ask.get(url);
    expect(status).toBe(200);
    expect(isDescribed('get', path, 200, body), JSON.stringify(body)).toBe(true);
  });
});

describe('a pipeline', () => {
  it('says what it is called, which lanes it has, and what it has beside what all share', async () => {
    expect((await ask.get('/v0/pipelines')).body).toEqual({
      pipelines: [
        {
          name: 'orders',
          title: 'Orders',
          lanes: ['primary'],
          words: { message: 'order', origin: 'System', key: 'Row' },
          parts: ['systems', 'messages', 'reconciliation'],
        },
      ],
    });
  });

  it.each(['/overview', '/overview/history', '/dead-letters', '/dead-letters/groups', '/jobs', '/jobs/1', '/history'])(
    'that there is not has no %s, and those that there are are listed',
    async (path) => {
      expect((await ask.get(`/v0/pipelines/parcels${path}`)).body).toMatchObject({
        status: 404,
        code: 'no-such-pipeline',
        pipelines: ['orders'],
      });
    },
  );

  it.each([
    ['/v0/overview', '/v0/pipelines/orders/overview'],
    ['/v0/messages?words=a%20b&limit=3', '/v0/pipelines/orders/messages?words=a%20b&limit=3'],
    ['/v0/dead-letters/groups', '/v0/pipelines/orders/dead-letters/groups'],
    ['/v0/jobs/7', '/v0/pipelines/orders/jobs/7'],
    ['/v0/reconciliations/x/rows?kind=missing', '/v0/pipelines/orders/reconciliations/x/rows?kind=missing'],
  ])('of orders is found from where %s was', async (old, now) => {
    const response = await fetch(`${pipeline.console.url}${old}`, { redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).toEqual([308, now]);
  });
});

describe('a system', () => {
  it('is asked to run, stop, unblock and clear, and the history says who asked', async () => {
    expect((await ask.post(`/v0/pipelines/orders/systems/${system}/run`, { follow: true })).status).toBe(202);
    expect((await ask.post(`/v0/pipelines/orders/systems/${system}/run`)).body).toMatchObject({
      status: 409,
      code: 'already-running',
    });
    expect((await ask.post(`/v0/pipelines/orders/systems/${system}/stop`)).body).toEqual({ system, stopped: true });
    expect((await ask.post(`/v0/pipelines/orders/systems/${system}/unblock`)).body).toEqual({
      system,
      unblocked: false,
    });
    const unsure = await ask.post(`/v0/pipelines/orders/systems/${system}/clear`, { confirm: 'system' });
    expect(unsure.body).toMatchObject({ code: 'invalid-request', errors: [{ pointer: '/confirm' }] });
    expect((await ask.post(`/v0/pipelines/orders/systems/${system}/clear`, { confirm: system })).body).toEqual({
      system,
      cleared: true,
    });
    const { body } = await ask.get<{ items: object[] }>('/v0/pipelines/orders/history?limit=5');
    expect(body.items).toMatchObject([
      { by: 'local', action: 'clear', details: { system } },
      { action: 'unblock' },
      { action: 'stop' },
      { action: 'run', details: { system, follow: true } },
      { action: 'run' },
    ]);
  });

  it('that there is not is not asked', async () => {
    expect((await ask.post('/v0/pipelines/orders/systems/nowhere/run')).body).toMatchObject({
      status: 404,
      code: 'not-found',
    });
  });
});

describe('dead letters', () => {
  it('are grouped, listed page by page, and exported whole', async () => {
    const seen = new Set<string>();
    for (let cursor = ''; ;) {
      const { body } = await ask.get<Listed>(
        `/v0/pipelines/orders/dead-letters?state=dead&limit=5&sort=dead_at${cursor}`,
      );
      for (const { message_id } of body.items) seen.add(message_id);
      if (body.next_cursor === null) break;
      cursor = `&cursor=${body.next_cursor}`;
    }
    expect(seen.size).toBe(NEGATIVE);
    const exported = await fetch(`${pipeline.console.url}/v0/pipelines/orders/dead-letters/export?origin=${system}`);
    expect(exported.headers.get('content-type')).toContain('application/x-ndjson');
    const lines = (await exported.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Letter);
    expect(new Set(lines.map(({ message_id }) => message_id))).toEqual(seen);
    expect(isDescribed('get', '/v0/pipelines/{pipeline}/dead-letters/{message_id}', 200, lines[0])).toBe(true);
  });

  it('say where they came from and what they are called there, in every answer about them', async () => {
    const { body: list } = await ask.get<Listed>(`/v0/pipelines/orders/dead-letters?limit=1&origin=${system}`);
    const [one] = list.items;
    expect(one).toMatchObject({ origin: system, key: expect.stringMatching(/^\d+$/) as string });
    expect((await ask.get(`/v0/pipelines/orders/dead-letters/${one!.message_id}`)).body).toMatchObject({
      ...{ origin: system, key: one!.key, incarnation: expect.stringMatching(/^\d{4}-/) as string },
    });
    expect((await ask.get('/v0/pipelines/orders/dead-letters/groups')).body).toMatchObject({
      groups: [{ example: { origin: system } }],
    });
    const selection = { filter: { origin: system } };
    expect(
      (await ask.post('/v0/pipelines/orders/dead-letters/preview', { action: 'discard', selection })).body,
    ).toMatchObject({ by_origin: [{ origin: system, count: NEGATIVE }] });
  });

  it('are shown whole, with their bytes', async () => {
    const { body: list } = await ask.get<Listed>('/v0/pipelines/orders/dead-letters?limit=1');
    const id = list.items[0]?.message_id ?? '';
    const { body } = await ask.get<{ body: { content: string }; attempts: object[] }>(
      `/v0/pipelines/orders/dead-letters/${id}`,
    );
    expect(
      isDescribed('get', '/v0/pipelines/{pipeline}/dead-letters/{message_id}', 200, body),
      JSON.stringify(body),
    ).toBe(true);
    expect(body.attempts).toHaveLength(2);
    expect(JSON.parse(body.body.content)).toMatchObject({ message_id: id });
  });
});

describe('a message', () => {
  it('has a life: its rows as they stand, and each attempt', async () => {
    const { body: list } = await ask.get<Listed>('/v0/pipelines/orders/dead-letters?limit=1');
    const [deadLetter] = list.items;
    const { body } = await ask.get<object>(`/v0/pipelines/orders/messages/${deadLetter?.message_id ?? ''}`);
    expect(isDescribed('get', '/v0/pipelines/orders/messages/{message_id}', 200, body), JSON.stringify(body)).toBe(
      true,
    );
    expect(body).toMatchObject({
      system,
      source: { id: deadLetter?.key, security_check: false },
      stored: null,
      dead_letter: { state: 'dead' },
      rest: 'dead',
      attempts: 2,
      expired: 0,
      events: [
        { kind: 'created' },
        { kind: 'attempt', round: 1, attempt: 1, status: 'failed', details: 'logged' },
        { kind: 'attempt', round: 1, attempt: 2, status: 'dead-lettered', details: 'logged' },
        { kind: 'dead-lettered', round: 1, reason: 'attempts-exhausted' },
      ],
    });
    const { body: found } = await ask.get<Listed>(`/v0/pipelines/orders/messages?system=${system}&source_id=1`);
    const [hit] = found.items;
    expect((await ask.get(`/v0/pipelines/orders/messages/${hit?.message_id ?? ''}`)).body).toMatchObject({
      source: { id: '1' },
    });
  });
});

describe('every error', () => {
  it.each([
    ['/v0/pipelines/orders/messages/xyz', 'message_id is not a message id (a UUID, lower case).'],
    ['/v0/pipelines/orders/jobs/abc', 'id is not the id of a job (a whole number above 0).'],
    ['/v0/pipelines/orders/messages?attempt=0', 'attempt is not the number of an attempt (1 to 1000).'],
    [
      '/v0/pipelines/orders/messages?from=2026-11-21T16:00Z',
      'from is not a time with its seconds and zone, like 2026-11-21T16:00:00Z.',
    ],
    ['/v0/pipelines/orders/messages?words=a&source_id=1', /^Words are not searched together with an id/],
    ...[
      '/v0/pipelines/orders/messages',
      '/v0/pipelines/orders/dead-letters',
      '/v0/pipelines/orders/dead-letters/groups',
      '/v0/pipelines/orders/dead-letters/export',
    ].flatMap((list): [string, RegExp][] => [
      [`${list}?from=2026-11-21T16:00:00Z&to=2026-11-21T15:00:00Z`, /^The time asked for ends before it begins/],
      [`${list}?from=2026-11-21T16:00:00Z&to=2026-11-21T16:00:00Z`, /^The time asked for ends before it begins/],
      [`${list}?words=!!!`, /^There is no word in "!!!"/],
    ]),
  ])('of %s is said in words', async (url, detail) => {
    const said = typeof detail === 'string' ? detail : (expect.stringMatching(detail) as string);
    expect((await ask.get(url)).body).toMatchObject({ code: 'invalid-request', detail: said });
  });

  const SYSTEM_TWICE = expect.stringMatching(/^origin is "system-1" and system is "system-2"/) as string;
  it.each(['', '/groups', '/export'])('of dead-letters%s is an origin under two names that differ', async (part) => {
    const { body } = await ask.get(`/v0/pipelines/orders/dead-letters${part}?origin=system-1&system=system-2`);
    expect(body).toMatchObject({
      ...{ status: 400, code: 'invalid-request', detail: SYSTEM_TWICE },
      errors: [{ in: 'querystring', pointer: '/system' }],
    });
  });

  it('in the filter of a body says where it is', async () => {
    const filter = { from: '2026-11-21T16:00:00Z', to: '2026-11-21T15:00:00Z' };
    const { body } = await ask.post('/v0/pipelines/orders/dead-letters/preview', {
      action: 'discard',
      selection: { filter },
    });
    expect(body).toMatchObject({ errors: [{ in: 'body', pointer: '/selection/filter/from' }] });
  });

  it.each([
    ['/v0/pipelines/orders/messages/00000000-0000-8000-8000-000000000000', 'There is no such message.'],
    ['/v0/pipelines/orders/dead-letters/00000000-0000-8000-8000-000000000000', 'There is no such dead letter.'],
    ['/v0/pipelines/orders/jobs/999999', 'There is no such job.'],
    ['/v0/pipelines/orders/reconciliations/00000000-0000-8000-8000-000000000000', 'There is no such reconciliation.'],
  ])('of %s says what is not there', async (url, title) => {
    expect((await ask.get(url)).body).toMatchObject({ code: 'not-found', title });
  });

  it.each([
    ['GET', '/v0/nothing', undefined, 404, 'not-found'],
    ['GET', '/v0/pipelines/orders/messages?limit=0', undefined, 400, 'invalid-request'],
    ['GET', '/v0/pipelines/orders/messages?limit=501', undefined, 400, 'invalid-request'],
    ['GET', '/v0/pipelines/orders/messages?system=system-1', undefined, 400, 'invalid-request'],
    ['GET', '/v0/pipelines/orders/messages?cursor=abc', undefined, 400, 'invalid-request'],
    ['GET', '/v0/pipelines/orders/messages?status[$ne]=failed', undefined, 400, 'invalid-request'],
    ['GET', '/v0/pipelines/orders/messages?words=a&words=b', undefined, 400, 'invalid-request'],
    ['GET', '/v0/pipelines/orders/messages?from=2026-13-01T00:00:00Z', undefined, 400, 'invalid-request'],
    ['GET', '/v0/pipelines/orders/messages?from=yesterday', undefined, 400, 'invalid-request'],
    ['GET', '/v0/pipelines/orders/messages/abc', undefined, 400, 'invalid-request'],
    ['GET', '/v0/pipelines/orders/messages/00000000-0000-8000-8000-000000000000', undefined, 404, 'not-found'],
    ['GET', '/v0/pipelines/orders/dead-letters?reason=bored', undefined, 400, 'invalid-request'],
    ['GET', '/v0/pipelines/orders/dead-letters?origin=%00', undefined, 400, 'invalid-request'],
    ['GET', '/v0/pipelines/orders/dead-letters?cursor=abc', undefined, 400, 'invalid-request'],
    ['GET', '/v0/pipelines/orders/dead-letters?x=1', undefined, 400, 'invalid-request'],
    ['GET', '/v0/pipelines/orders/dead-letters/00000000-0000-8000-8000-000000000000', undefined, 404, 'not-found'],
    ['GET', '/v0/pipelines/orders/jobs/0', undefined, 400, 'invalid-request'],
    ['GET', '/v0/pipelines/orders/jobs/999999', undefined, 404, 'not-found'],
    ['POST', '/v0/pipelines/orders/jobs/999999/pause', undefined, 404, 'not-found'],
    ['GET', '/v0/pipelines/orders/history?cursor=abc', undefined, 400, 'invalid-request'],
    ['POST', '/v0/pipelines/orders/systems/nowhere/clear', { confirm: { $ne: '' } }, 400, 'invalid-request'],
    ['POST', '/v0/pipelines/orders/overview', undefined, 405, 'method-not-allowed'],
  ] as const)('%s %s %j is a problem', async (method, url, payload, status, code) => {
    const answer = method === 'GET' ? await ask.get(url) : await ask.post(url, payload);
    expect(answer.body).toMatchObject({ status, code });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });
});
