import type { RequestListener } from 'node:http';
import type { JsonValue } from '@esteira/pipeline';
import { afterEach, describe, expect, it } from 'vitest';
import { httpCall, openHttpClient, taskTypes, type HttpClient } from '../src/types/index.ts';
import { attempted, refusingPort, startSite, TASK_ID, type AttemptOptions } from './types-support.ts';

let client: HttpClient | undefined;
const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  await client?.close();
  client = undefined;
  await Promise.all(ends.splice(0).map((end) => end()));
});

async function serviceOf(answer: RequestListener) {
  const site = await startSite(answer);
  ends.push(() => site.stop());
  return site;
}
/** One call. It has the time that a busy machine may need, where no other is given. */
const call = (payload: Record<string, JsonValue>, options?: AttemptOptions) => {
  client ??= openHttpClient();
  return attempted(taskTypes([httpCall({ client })]), 'http-call', { timeout_ms: 120_000, ...payload }, options);
};

describe('a call', () => {
  it('posts its body as JSON, with the id of the task as its idempotency key at each attempt', async () => {
    const { origin, seen } = await serviceOf((_, response) => response.end());
    for (const attempt of [1, 2]) await call({ url: `${origin}/pay`, body: { a: [1, 'ó'] } }, { attempt });
    const headers = { 'content-type': 'application/json', 'idempotency-key': TASK_ID };
    expect(seen).toMatchObject([1, 2].map(() => ({ method: 'POST', url: '/pay', headers, body: '{"a":[1,"ó"]}' })));
  });

  it('sends a text as it is, by the method and with the headers that it is told', async () => {
    const { origin, seen } = await serviceOf((_, response) => response.end());
    await call({ url: origin, method: 'PATCH', headers: { 'Content-Type': 'text/csv' }, body: 'a;b' });
    expect(seen).toMatchObject([{ method: 'PATCH', headers: { 'content-type': 'text/csv' }, body: 'a;b' }]);
  });

  it('that is answered 2xx has succeeded, and its result are the status and the body', async () => {
    const { origin } = await serviceOf((request, response) => {
      if (request.url === '/text') response.writeHead(202).end('OK');
      else response.writeHead(201, { 'content-type': 'application/json' }).end('{"id":7}');
    });
    expect(await call({ url: origin })).toEqual({ kind: 'succeeded', result: { status: 201, body: { id: 7 } } });
    expect(await call({ url: `${origin}/text` })).toEqual({ kind: 'succeeded', result: { status: 202, body: 'OK' } });
  });

  it('that is answered at length keeps the beginning, and says so', async () => {
    const { origin } = await serviceOf((_, response) => response.end('x'.repeat(100_000)));
    expect(await call({ url: origin })).toEqual({
      kind: 'succeeded',
      result: { status: 200, body: 'x'.repeat(8_192), cut: true },
    });
  });

  it.each([400, 422])('that is answered %d is a dead letter, with the words of the service', async (status) => {
    const { origin } = await serviceOf((_, response) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end('{"code":"too-low","detail":"Below 1."}');
    });
    expect(await call({ url: origin })).toEqual({
      kind: 'dead-letter',
      error: { code: 'too-low', message: `The service answered ${status}: Below 1.` },
    });
  });

  it.each([302, 401, 403, 404, 410, 429, 500, 503])('that is answered %d has failed this attempt', async (status) => {
    const { origin, seen } = await serviceOf((_, response) => {
      response.writeHead(status, { location: '/elsewhere', 'retry-after': '120' }).end('later');
    });
    expect(await call({ url: origin })).toEqual({
      kind: 'retry',
      error: { code: `http-${status}`, message: `The service answered ${status}: later` },
      afterMs: 120_000,
    });
    expect(seen).toHaveLength(1);
  });

  it('that gets no answer has failed this attempt, under a code that says why', async () => {
    const refusing = `http://127.0.0.1:${await refusingPort()}/`;
    expect(await call({ url: refusing })).toMatchObject({ kind: 'retry', error: { code: 'http-refused' } });
    const { origin } = await serviceOf(() => undefined);
    expect(await call({ url: origin, timeout_ms: 100 })).toMatchObject({
      kind: 'retry',
      error: {
        code: 'http-timeout',
        message: expect.stringMatching(/^The service gave no answer\. .* within 100 ms\.$/) as string,
      },
    });
  });

  it('over a connection that was kept, and is closed in that moment, is sent once more', async () => {
    const { origin, seen, connections } = await serviceOf((request, response) => {
      if (seen.length === 2) request.socket.destroy();
      else response.end();
    });
    await call({ url: origin });
    const outcome = await call({ url: origin });
    const kept = connections() === seen.length - 1;
    expect(outcome).toMatchObject(kept ? { kind: 'succeeded' } : { kind: 'retry', error: { code: 'http-reset' } });
    expect(new Set(seen.map(({ headers }) => headers['idempotency-key']))).toEqual(new Set([TASK_ID]));
  });

  it.each([
    ['an idempotency key of its own', { headers: { 'Idempotency-Key': 'x' } }, '/headers/Idempotency-Key'],
    ['a body that is not sent', { method: 'GET', body: 'x' }, '/body'],
    ['a URL that is none', { url: '/pay' }, '/url'],
  ])('with %s is a dead letter', async (_, payload, pointer) => {
    expect(await call({ url: 'http://127.0.0.1/', ...payload })).toMatchObject({
      kind: 'dead-letter',
      error: { code: 'invalid-payload', message: expect.stringContaining(`at "${pointer}" `) as string },
    });
  });
});
