/* eslint-disable @typescript-eslint/no-unnecessary-type-parameters -- a test says what it expects to be answered */
import { openSessions } from '@esteira/http';
import { createLogger, createMetrics } from '@esteira/observability';
import { migrate, openPostgres, type Postgres } from '@esteira/postgres';
import { freshDatabase, type Fresh } from '@esteira/tests/support';
import { patient } from '@esteira/tests/patience';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { buildApp } from '../src/app.ts';
import { consoleMigrations } from '../src/migrations.ts';
import type { Overview } from '../src/overview/schema.ts';
import { minimalPipeline, type MinimalPipeline } from './minimal-pipeline.ts';
import { consoleAt } from './support.ts';

interface Item {
  message_id: string;
  lane: string;
  job: string;
  id: string;
  action: string;
  by: string;
}

const logger = createLogger({ name: 'test', level: 'silent' });
let database: Fresh;
let endput: Postgres;
let parcels: MinimalPipeline;
let postcards: MinimalPipeline;
let app: Awaited<ReturnType<typeof buildApp>>;
let url: string;

beforeAll(async () => {
  database = await freshDatabase('ENDPUT_DATABASE_URL');
  for (const migrations of consoleMigrations) await migrate(database.url, migrations);
  endput = openPostgres({ url: database.url, applicationName: 'test', max: 8 });
  const open = (name: string, title: string) =>
    minimalPipeline(
      endput,
      logger,
      { name, types: [{ name: 'sent', schemaVersion: 1 }], lanes: ['express', 'bulk'] },
      title,
    );
  [parcels, postcards] = [await open('parcels', 'Parcels'), await open('postcards', 'Postcards')];
  app = await buildApp({
    ...{ logger, metrics: createMetrics({}), allowedHosts: '127.0.0.1', trustedProxies: 'loopback' },
    access: { keys: [], sessions: openSessions([], '') },
    pipelines: [parcels.console, postcards.console],
    tablesReady: () => Promise.resolve(),
  });
  url = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await app.close();
  await Promise.all([parcels.stop(), postcards.stop()]);
  await endput.close();
  await database.drop();
});

const of = (name: string) => {
  const { get, post } = consoleAt(url);
  const base = `/v0/pipelines/${name}`;
  return {
    get: <T>(path: string) => get<T>(`${base}${path}`),
    post: <T>(path: string, body?: unknown) => post<T>(`${base}${path}`, body),
    items: async (path: string) => (await get<{ items: Item[] }>(`${base}${path}`)).body.items,
  };
};

describe('two pipelines in one console', () => {
  let parcel: string;
  let postcard: string;
  beforeAll(async () => {
    [parcel, postcard] = [await parcels.dies(1, 'express'), await postcards.dies(1, 'express')];
  });

  it('are listed, the first in front', async () => {
    const { body } = await consoleAt(url).get<{ pipelines: { name: string }[] }>('/v0/pipelines');
    expect(body.pipelines).toMatchObject([
      { name: 'parcels', title: 'Parcels', lanes: ['express', 'bulk'], words: { message: 'parcel' }, parts: [] },
      { name: 'postcards', title: 'Postcards' },
    ]);
  });

  it('see their own dead letters alone, in lists, groups, exports and one by one', async () => {
    for (const [name, own, other] of [
      ['parcels', parcel, postcard],
      ['postcards', postcard, parcel],
    ] as const) {
      const { get, items } = of(name);
      expect((await items('/dead-letters')).map(({ message_id }) => message_id)).toEqual([own]);
      expect((await get<object>('/dead-letters/groups')).body).toMatchObject({
        groups: [{ error_code: `no-${name}`, count: 1, example: { message_id: own } }],
      });
      const exported = await fetch(`${url}/v0/pipelines/${name}/dead-letters/export`);
      expect(JSON.parse(await exported.text())).toMatchObject({ message_id: own, pipeline: name });
      expect((await get(`/dead-letters/${own}`)).body).toMatchObject({ message_id: own, pipeline: name });
      expect((await get(`/dead-letters/${other}`)).status).toBe(404);
    }
  });

  it('tell in which lane each came, and mean those of one lane where they are asked for it', async () => {
    const { get, post, items } = of('parcels');
    const bulk = await parcels.dies(2, 'bulk');
    expect((await items('/dead-letters')).map(({ lane }) => lane).sort()).toEqual(['bulk', 'express']);
    expect((await items('/dead-letters?lane=bulk')).map(({ message_id }) => message_id)).toEqual([bulk]);
    expect((await get(`/dead-letters/${bulk}`)).body).toMatchObject({ lane: 'bulk' });
    expect((await get('/dead-letters/groups?lane=bulk')).body).toMatchObject({ groups: [{ count: 1 }] });
    const selection = { filter: { lane: 'bulk' } };
    expect((await post('/dead-letters/preview', { action: 'discard', selection })).body).toMatchObject({ total: 1 });
    const { body: job } = await post<Item>('/dead-letters/redrives', { selection, why: 'mended' });
    await vi.waitFor(async () => {
      expect((await get(`/jobs/${job.id}`)).body).toMatchObject({ state: 'finished', done: 1, selection });
    }, patient);
    expect(parcels.sent.splice(0)).toMatchObject([{ messageId: bulk, lane: 'bulk' }]);
  });

  it('mean those of one origin, in queries and in selections, under the name that earlier releases gave it too', async () => {
    const { post, items } = of('parcels');
    for (const name of ['origin', 'system']) {
      expect(await items(`/dead-letters?state=dead&${name}=depot-1`)).toMatchObject([{ origin: 'depot-1', key: '1' }]);
      expect(await items(`/dead-letters?state=dead&${name}=depot-2`)).toEqual([]);
      const selection = { filter: { [name]: 'depot-2' } };
      const { body: job } = await post<Item>('/dead-letters/discards', { selection, why: 'none' });
      expect(job).toMatchObject({ selection: { filter: { origin: 'depot-2' } } });
    }
    expect(await items('/dead-letters?state=dead&origin=depot-1&system=depot-1')).toHaveLength(1);
    const selection = { filter: { origin: 'depot-1', system: 'depot-2' } };
    expect((await post('/dead-letters/discards', { selection, why: 'none' })).body).toMatchObject({
      ...{ status: 400, code: 'invalid-request' },
      errors: [{ in: 'body', pointer: '/selection/filter/system' }],
    });
  });

  it('preview, redrive and discard their own alone, and see their own jobs and history', async () => {
    const all = { filter: {} };
    expect(
      (await of('parcels').post('/dead-letters/preview', { action: 'redrive', selection: all })).body,
    ).toMatchObject({ total: 1, max_attempts: 2 });
    const { body: job } = await of('parcels').post<Item>('/dead-letters/redrives', { selection: all, why: 'mended' });
    await vi.waitFor(async () => {
      expect((await of('parcels').get(`/jobs/${job.id}`)).body).toMatchObject({ state: 'finished', done: 1 });
    }, patient);
    expect(parcels.sent).toMatchObject([{ messageId: parcel, lane: 'express' }]);
    expect(postcards.sent).toEqual([]);
    expect((await of('postcards').get(`/dead-letters/${postcard}`)).body).toMatchObject({ state: 'dead' });
    expect((await of('postcards').get(`/jobs/${job.id}`)).status).toBe(404);
    expect((await of('postcards').post(`/jobs/${job.id}/cancel`)).status).toBe(404);
    expect(await of('postcards').items('/jobs')).toEqual([]);
    expect(await of('postcards').items('/history')).toEqual([]);
    const done = await of('parcels').items(`/history?job=${job.id}`);
    expect(done.length).toBeGreaterThan(0);
    const gone = { selection: { message_ids: [parcel, postcard] }, why: 'lost' };
    const { body: discard } = await of('postcards').post<Item>('/dead-letters/discards', gone);
    await vi.waitFor(async () => {
      expect((await of('postcards').get(`/jobs/${discard.id}`)).body).toMatchObject({ state: 'finished', done: 1 });
    }, patient);
    expect((await of('parcels').get(`/dead-letters/${parcel}`)).body).toMatchObject({ state: 'redriven' });
  });

  it('have charts and overviews of their own, which the live events tell apart', async () => {
    for (const name of ['parcels', 'postcards']) {
      expect((await of(name).get('/overview')).body).toMatchObject({ pipeline: name, systems: [] });
      await vi.waitFor(async () => {
        const { points } = (await of(name).get<{ points: { pipeline: string }[] }>('/overview/history')).body;
        expect(new Set(points.map(({ pipeline }) => pipeline))).toEqual(new Set([name]));
      }, patient);
    }
    const response = await fetch(`${url}/v0/overview/stream`, { signal: AbortSignal.timeout(patient.timeout) });
    const told = new Set<string>();
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      for (const [, data = ''] of chunk.matchAll(/^event: overview\ndata: (.*)$/gm))
        told.add((JSON.parse(data) as Overview).pipeline);
      if (told.size === 2) break;
    }
    expect(told).toEqual(new Set(['parcels', 'postcards']));
  });

  it('find their own attempts by message, status, origin, key, worker and time, page by page', async () => {
    const { get, items } = of('parcels');
    const found = async (query: string) => (await items(`/attempts?${query}`)).map(({ message_id }) => message_id);
    const [first, second] = [await parcels.dies(3, 'express'), await parcels.dies(4, 'bulk')];
    expect(await items(`/attempts?message_id=${first}`)).toMatchObject([
      { status: 'dead-lettered', attempt: 1, max_attempts: 2, worker: 'w', origin: 'depot-1', key: '3', round: 1 },
    ]);
    expect(await found('status=dead-lettered&attempt=1&key=4')).toEqual([second]);
    expect((await found('origin=depot-1&worker=w')).slice(0, 2)).toEqual([second, first]);
    for (const none of ['status=succeeded', 'attempt=2', 'origin=depot-2', 'worker=x', 'to=2026-01-01T00:00:00Z'])
      expect(await found(none)).toEqual([]);
    expect(await of('postcards').items(`/attempts?message_id=${first}`)).toEqual([]);
    const { body } = await get<{ items: Item[]; next_cursor: string }>('/attempts?limit=1&worker=w');
    expect(body.items).toMatchObject([{ message_id: second }]);
    expect(await found(`limit=1&worker=w&cursor=${body.next_cursor}`)).toEqual([first]);
    expect((await get('/attempts?cursor=x')).body).toMatchObject({ status: 400, errors: [{ pointer: '/cursor' }] });
  });
});
