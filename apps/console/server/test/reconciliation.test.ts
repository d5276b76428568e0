import { openPostgres, type Postgres } from '@esteira/postgres';
import { startPipeline, type Pipeline } from '@esteira/tests/support';
import { patient } from '@esteira/tests/patience';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { askConsole } from './support.ts';

interface Kept {
  id: string;
  state: string;
  is_consistent: boolean | null;
  systems: { rows: number; classes: Record<string, number> }[];
  days: { day: string; rows: number }[];
}

const ROWS = 40;

let pipeline: Pipeline;
let ask: ReturnType<typeof askConsole>;
let endput: Postgres;

beforeAll(async () => {
  pipeline = await startPipeline({ systems: 1 });
  await pipeline.console.start();
  ask = askConsole(pipeline);
  endput = openPostgres({ url: pipeline.settings.ENDPUT_DATABASE_URL, applicationName: 'reconcile test', max: 2 });
  await pipeline.post(0, '/v0/insert-data', { positive_inserts: ROWS, negative_inserts: 0 });
  await pipeline.publishAll(0);
  await vi.waitFor(async () => {
    expect(await stored()).toBe(ROWS);
  }, patient);
});
afterAll(async () => {
  await endput.close();
  await pipeline.stop();
});

const stored = async () => (await endput.query<{ n: number }>('SELECT count(*)::int AS n FROM orders'))[0]?.n;

async function reconciled(): Promise<Kept> {
  const { status, body } = await ask.post<{ id: string }>('/v0/reconciliations');
  expect(status).toBe(202);
  return vi.waitFor(async () => {
    const { body: kept } = await ask.get<Kept>(`/v0/reconciliations/${body.id}`);
    expect(kept.state).toBe('finished');
    return kept;
  }, patient);
}

describe('a reconciliation', () => {
  it('is kept with its counts by system and day', async () => {
    const kept = await reconciled();
    expect(kept).toMatchObject({ is_consistent: true, systems: [{ rows: ROWS, classes: { stored: ROWS } }] });
    expect(kept.days).toMatchObject([{ day: new Date().toISOString().slice(0, 10), rows: ROWS }]);
    const { body: list } = await ask.get<{ items: Kept[] }>('/v0/reconciliations');
    expect(list.items[0]).toMatchObject({ id: kept.id, started_by: 'local', state: 'finished' });
  });

  it('lists missing rows, exports them, and publishes them again', async () => {
    await endput.query('DELETE FROM orders WHERE source_id IN (3, 7)');
    // What RabbitMQ counted some seconds ago may still account for the two.
    const { id } = await vi.waitFor(async () => {
      const kept = await reconciled();
      expect(kept).toMatchObject({ systems: [{ classes: { missing: 2 } }] });
      return kept;
    }, patient);
    const { body: rows } = await ask.get<{ items: { id: string }[] }>(`/v0/reconciliations/${id}/rows?kind=missing`);
    expect(rows.items).toMatchObject([{ id: '3', class: 'missing' }, { id: '7' }]);
    const csv = await fetch(`${pipeline.console.url}/v0/reconciliations/${id}/export?format=csv`);
    expect((await csv.text()).trim().split('\n')).toHaveLength(3);
    const { body: json } = await ask.get(`/v0/reconciliations/${id}/export`);
    expect(json).toMatchObject({ consistent: false, rows: [{ id: '3' }, { id: '7' }] });
    expect((await ask.post(`/v0/reconciliations/${id}/republish`)).body).toMatchObject({ confirmed: 2 });
    await vi.waitFor(async () => {
      expect(await stored()).toBe(ROWS);
    }, patient);
    const { body: history } = await ask.get('/v0/history?limit=1');
    expect(history).toMatchObject({ items: [{ action: 'republish', by: 'local', details: { confirmed: 2 } }] });
  });

  it.each([
    ['GET', '/v0/reconciliations/00000000-0000-4000-8000-000000000000', 404, 'not-found'],
    ['POST', '/v0/reconciliations/00000000-0000-4000-8000-000000000000/republish', 404, 'not-found'],
    ['GET', '/v0/reconciliations/x', 400, 'invalid-request'],
    ['GET', '/v0/reconciliations/00000000-0000-4000-8000-000000000000/rows?kind=lost', 400, 'invalid-request'],
    ['GET', '/v0/reconciliations?cursor=x', 400, 'invalid-request'],
  ] as const)('%s %s is a problem', async (method, path, status, code) => {
    expect((await (method === 'GET' ? ask.get(path) : ask.post(path))).body).toMatchObject({ status, code });
  });
});
