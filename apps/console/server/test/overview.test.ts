import { startPipeline, type Pipeline } from '@esteira/tests/support';
import { patient } from '@esteira/tests/patience';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Overview, Point } from '../src/overview/schema.ts';

let pipeline: Pipeline;

beforeAll(async () => {
  pipeline = await startPipeline({ systems: 1 });
  await pipeline.console.start();
});
afterAll(() => pipeline.stop());

const get = async <T>(path: string) => (await (await fetch(`${pipeline.console.url}${path}`)).json()) as T;
const overview = () => get<Overview>('/v0/pipelines/orders/overview');

/** Reads overviews off the stream until one is as it should be. */
async function streamed(holds: (overview: Overview) => boolean): Promise<Overview> {
  const response = await fetch(`${pipeline.console.url}/v0/overview/stream`, {
    signal: AbortSignal.timeout(patient.timeout),
  });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    for (const event of events) {
      const data = /^event: overview\ndata: (.*)$/s.exec(event)?.[1];
      if (data === undefined) continue;
      const seen = JSON.parse(data) as Overview;
      if (holds(seen)) return seen;
    }
  }
  throw new Error('The stream ended');
}

describe('the overview', () => {
  it('shows every server and app up, and what each does', async () => {
    const [system] = pipeline.settings.systems;
    // A server that answers late on a busy machine is down for a moment.
    await vi.waitFor(async () => {
      const seen = await overview();
      expect(seen.queues.as_of).not.toBeNull();
      expect(seen.servers).toEqual(
        [`postgres-${system!.name}`, 'endput', 'redis', 'rabbitmq', 'mongodb', `api-${system!.name}`, 'consumer-1'].map(
          (name) => expect.objectContaining({ name, state: 'up', error: null }) as unknown,
        ),
      );
      expect(seen.consumers).toMatchObject([{ name: 'consumer-1', state: 'idle', why: null }]);
      expect(seen.systems).toMatchObject([{ name: system!.name, cursor: { status: 'IDLE' }, behind: { rows: 0 } }]);
    }, patient);
  });

  it('moves while a run goes on, as events', async () => {
    const idle = await overview();
    await pipeline.post(0, '/v0/insert-data', { positive_inserts: 2_000, negative_inserts: 20 });
    // Each is seen by itself: at no moment need both go on.
    const seen = Promise.all([
      streamed(({ systems }) => systems[0]!.published_per_second > 0),
      streamed(({ attempts, consumers }) => attempts.per_second.succeeded > 0 && consumers[0]?.state === 'working'),
      streamed(({ attempts: { took, waited } }) =>
        [took, waited].every(
          ({ count, p50_ms: p50, p99_ms: p99 }) => count > 0 && p50 !== null && p99 !== null && p50 <= p99,
        ),
      ),
    ]);
    await pipeline.publishAll(0);
    await seen;
    const rested = await streamed(
      ({ dead_letters, queues }) => dead_letters.open === 20 && queues.dead_lettered === 20,
    );
    expect(rested.row_to_rest).toMatchObject({ messages: 500, p50_ms: expect.any(Number) as number });
    expect(rested.queues.waiting).toMatchObject([{ queue: 'orders.wait.200ms', delay_ms: 200 }]);
    expect(Date.parse(rested.at)).toBeGreaterThan(Date.parse(idle.at));
  });

  it('shows a consumer down, since when, and the rest as before', async () => {
    const before = Date.now();
    await pipeline.consumers[0]?.end('SIGKILL');
    const isRefused = { name: 'consumer-1', state: 'down', error: expect.stringContaining('ECONNREFUSED') as string };
    const serverOf = ({ servers }: Overview) => servers.find(({ name }) => name === 'consumer-1');
    const seen = await vi.waitFor(async () => {
      const now = await overview();
      expect(now.consumers[0]).toMatchObject({ state: 'down' });
      expect(serverOf(now)).toMatchObject(isRefused);
      expect(now.systems[0]).toMatchObject({ error: null, behind: { rows: 0 } });
      return now;
    }, patient);
    expect(Date.parse(serverOf(seen)?.since ?? '')).toBeGreaterThanOrEqual(before);
    await pipeline.consumers[0]?.start();
    await streamed(({ consumers }) => consumers[0]?.state === 'idle');
  });

  it('keeps its charts through a kill of the console', async () => {
    const points = async () => (await get<{ points: Point[] }>('/v0/pipelines/orders/overview/history')).points;
    const before = await vi.waitFor(async () => {
      const now = await points();
      expect(now.length).toBeGreaterThan(1);
      return now;
    }, patient);
    await pipeline.console.end('SIGKILL');
    await pipeline.console.start();
    await vi.waitFor(async () => {
      expect((await points()).slice(0, before.length - 1)).toEqual(before.slice(0, -1));
    }, patient);
  });

  it('ends its streams when it is asked to stop', async () => {
    const response = await fetch(`${pipeline.console.url}/v0/overview/stream`);
    expect(await pipeline.console.end('SIGTERM')).toBe(0);
    await expect(response.text()).resolves.toContain('event: overview');
    await pipeline.console.start();
  });

  it('ends a stream with the session that opened it, and leaves those of others open', async () => {
    const key = 'a-key-that-ana-alone-has';
    const guarded = await pipeline.consoleWith({ OPERATOR_API_KEYS: `ana:${key}` });
    await guarded.start();
    const ask = (path: string, init: RequestInit) =>
      fetch(`${guarded.url}${path}`, { signal: AbortSignal.timeout(patient.timeout), ...init });
    const signedIn = async () => {
      const headers = { 'content-type': 'application/json' };
      const response = await ask('/v0/session', { method: 'POST', headers, body: JSON.stringify({ key }) });
      return { cookie: response.headers.get('set-cookie')?.split(';')[0] ?? '', 'x-requested-with': 'test' };
    };
    const [ana, elsewhere] = [await signedIn(), await signedIn()];
    const bearer = { authorization: `Bearer ${key}` };
    const [ending, other, keyed] = await Promise.all(
      [ana, elsewhere, bearer].map((headers) => ask('/v0/overview/stream', { headers })),
    );
    expect((await ask('/v0/session', { method: 'DELETE', headers: ana })).status).toBe(204);
    await expect(ending!.text()).resolves.toContain('event: overview');
    expect((await ask('/v0/overview/stream', { headers: ana })).status).toBe(401);
    for (const stream of [other!, keyed!]) {
      const events = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
      expect((await events.read()).done, 'the first overview').toBe(false);
      expect((await events.read()).done, 'one that came after the sign-out').toBe(false);
      await events.cancel();
    }
    expect(await guarded.end('SIGTERM')).toBe(0);
  });
});
