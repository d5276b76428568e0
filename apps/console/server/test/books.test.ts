import { openSessions } from '@esteira/http';
import { createLogger, createMetrics } from '@esteira/observability';
import { migrate, openPostgres, type Postgres } from '@esteira/postgres';
import { freshDatabase, type Fresh } from '@esteira/tests/support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../src/app.ts';
import { consoleMigrations } from '../src/migrations.ts';
import { minimalPipeline, type MinimalPipeline } from './minimal-pipeline.ts';
import { consoleAt } from './support.ts';

const logger = createLogger({ name: 'test', level: 'silent' });
let database: Fresh;
let endput: Postgres;
let parcels: MinimalPipeline;
let app: Awaited<ReturnType<typeof buildApp>>;
let ask: ReturnType<typeof consoleAt>;

beforeAll(async () => {
  database = await freshDatabase('ENDPUT_DATABASE_URL');
  for (const migrations of consoleMigrations) await migrate(database.url, migrations);
  endput = openPostgres({ url: database.url, applicationName: 'test', max: 4 });
  const types = [{ name: 'sent', schemaVersion: 1 }] as const;
  parcels = await minimalPipeline(endput, logger, { name: 'parcels', types, lanes: ['bulk'] }, 'Parcels');
  app = await buildApp({
    ...{ logger, metrics: createMetrics({}), allowedHosts: '127.0.0.1', trustedProxies: 'loopback' },
    access: { keys: [], sessions: openSessions([], '') },
    pipelines: [parcels.console],
    tablesReady: () => Promise.resolve(),
  });
  ask = consoleAt(await app.listen({ host: '127.0.0.1', port: 0 }));
});
afterAll(async () => {
  await app.close();
  await parcels.stop();
  await endput.close();
  await database.drop();
});

const BOOKS = '/v0/pipelines/parcels/books';

describe('the books of a pipeline that counts states', () => {
  let ids: string[];

  it('add up while all that was accepted is in a state', async () => {
    ids = await Promise.all([1, 2, 3].map((row) => parcels.dies(row, 'bulk')));
    await endput.query(`UPDATE dead_letters SET state = 'discarded' WHERE message_id = $1`, [ids[0]]);
    const { status, body } = await ask.post<{ id: string }>(BOOKS);
    expect(status).toBe(202);
    const run = (await ask.get(`${BOOKS}/${body.id}`)).body;
    expect(run).toMatchObject({
      ...{ id: body.id, state: 'finished', started_by: 'local', error: null },
      report: {
        ...{ accepted: 'handed in', adds_up: true, is_at_rest: true, problems: [] },
        origins: [{ origin: 'depot-1', accepted: 3, counts: { dead: 2, discarded: 1 }, difference: 0 }],
      },
    });
    expect((await ask.get(BOOKS)).body).toEqual({ items: [run], next_cursor: null });
    expect((await ask.get('/v0/pipelines/parcels/history?limit=1')).body).toMatchObject({
      items: [{ action: 'books', by: 'local', details: { run: body.id } }],
    });
  });

  it('name each item that is nowhere, and what can be done about it', async () => {
    await endput.query('DELETE FROM dead_letters WHERE message_id = $1', [ids[1]]);
    const { body } = await ask.post<{ id: string }>(BOOKS);
    expect((await ask.get(`${BOOKS}/${body.id}`)).body).toMatchObject({
      report: {
        ...{ adds_up: false, is_at_rest: false, problems: [{ count: 1, what: 'lost: nowhere' }] },
        origins: [{ accepted: 3, counts: { dead: 1, discarded: 1, lost: 1 }, difference: 1 }],
        classes: expect.arrayContaining([
          { name: 'lost', label: 'lost', kind: 'fault', what: 'lost: nowhere', remedy: 'send-again' },
          { name: 'dead', label: 'dead', kind: 'dead', what: null, remedy: null },
        ]) as object[],
      },
    });
    expect((await ask.get(`${BOOKS}/${body.id}/items?class=lost`)).body).toEqual({
      items: [{ origin: 'depot-1', key: ids[1], class: 'lost', details: '', sent_again_at: null }],
      next_cursor: null,
    });
    expect((await ask.get(`${BOOKS}/${body.id}/items?class=dead`)).body).toMatchObject({ items: [] });
  });

  it('of another time, or of a pipeline that there is not, are not found', async () => {
    const none = '00000000-0000-4000-8000-000000000000';
    for (const path of [`${BOOKS}/${none}`, `${BOOKS}/${none}/items?class=lost`])
      expect((await ask.get(path)).body).toMatchObject({ status: 404, code: 'not-found' });
    expect((await ask.get('/v0/pipelines/letters/books')).body).toMatchObject({ code: 'no-such-pipeline' });
    expect((await ask.get(`${BOOKS}/${none}/items`)).body).toMatchObject({ status: 400, code: 'invalid-request' });
  });
});
