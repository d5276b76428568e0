import { openPostgres, type Postgres } from '@esteira/postgres';
import { administrationOf, startPipeline, type Pipeline } from '@esteira/tests/support';
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
  const { status, body } = await ask.post<{ id: string }>('/v0/pipelines/orders/reconciliations');
  expect(status).toBe(202);
  return vi.waitFor(async () => {
    const { body: kept } = await ask.get<Kept>(`/v0/pipelines/orders/reconciliations/${body.id}`);
    expect(kept.state).toBe('finished');
    return kept;
  }, patient);
}

/** While a policy would lose them none is published again; the history says who tried, and what stopped it. */
async function stoppedByPolicy(path: string, id: string): Promise<void> {
  const broker = administrationOf(pipeline.settings.RABBITMQ_URL);
  const untilInForce = (policy: string | null) =>
    vi.waitFor(async () => {
      const queues = (await broker.ask('GET', `queues/${broker.vhost}`)) as { policy?: string | null }[];
      expect(new Set(queues.map((queue) => queue.policy ?? null))).toEqual(new Set([policy]));
    }, patient);
  await broker.setPolicy('forgets', { pattern: '.*', 'apply-to': 'queues', definition: { 'message-ttl': 3_600_000 } });
  await untilInForce('forgets');
  const { body } = await ask.post(path, { why: 'too early' });
  expect(body).toMatchObject({ status: 503, code: 'dependency-unavailable' });
  await broker.removeAllPolicies();
  await untilInForce(null);
  const stopped = expect.stringContaining('forgets') as string;
  expect((await ask.get('/v0/pipelines/orders/history?limit=1')).body).toMatchObject({
    items: [{ action: 'republish', why: 'too early', details: { reconciliation: id, confirmed: 0, stopped } }],
  });
  expect((await ask.get(`/v0/pipelines/orders/reconciliations/${id}`)).body).toMatchObject({
    republishing: [{ why: 'too early', confirmed: 0, stopped }],
  });
}

describe('a reconciliation', () => {
  it('is kept with its counts by system and day', async () => {
    const kept = await reconciled();
    expect(kept).toMatchObject({ is_consistent: true, systems: [{ rows: ROWS, classes: { stored: ROWS } }] });
    expect(kept.days).toMatchObject([{ day: new Date().toISOString().slice(0, 10), rows: ROWS }]);
    const { body: list } = await ask.get<{ items: Kept[] }>('/v0/pipelines/orders/reconciliations');
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
    const { body: rows } = await ask.get<{ items: { id: string }[] }>(
      `/v0/pipelines/orders/reconciliations/${id}/rows?kind=missing`,
    );
    expect(rows.items).toMatchObject([{ id: '3', class: 'missing' }, { id: '7' }]);
    const { body: books } = await ask.get(`/v0/pipelines/orders/books/${id}`);
    expect(books).toMatchObject({
      report: {
        adds_up: false,
        origins: [{ accepted: ROWS, counts: { stored: ROWS - 2, missing: 2 }, difference: 2 }],
      },
    });
    const { body: items } = await ask.get(`/v0/pipelines/orders/books/${id}/items?class=missing`);
    expect(items).toMatchObject({ items: [{ key: '3', sent_again_at: null }, { key: '7' }] });
    const csv = await fetch(`${pipeline.console.url}/v0/pipelines/orders/reconciliations/${id}/export?format=csv`);
    expect((await csv.text()).trim().split('\n')).toHaveLength(3);
    const { body: json } = await ask.get(`/v0/pipelines/orders/reconciliations/${id}/export`);
    expect(json).toMatchObject({ consistent: false, rows: [{ id: '3' }, { id: '7' }] });
    expect(rows.items).toMatchObject([{ source: expect.stringContaining('true') as string }, { differences: [] }]);
    const path = `/v0/pipelines/orders/reconciliations/${id}/republish`;
    expect((await ask.get(path)).body).toMatchObject({
      ...{ total: 2, republished: 0, by_system: [{ count: 2 }], first: [{ id: '3' }, { id: '7' }] },
    });
    expect((await ask.post(path)).body).toMatchObject({ status: 400, code: 'invalid-request' });
    await stoppedByPolicy(path, id);
    expect((await ask.post(path, { why: 'they were deleted' })).body).toMatchObject({ confirmed: 2 });
    expect((await ask.get(path)).body).toMatchObject({ total: 0, republished: 2, first: [] });
    await vi.waitFor(async () => {
      expect(await stored()).toBe(ROWS);
    }, patient);
    const { body: history } = await ask.get('/v0/pipelines/orders/history?limit=1');
    expect(history).toMatchObject({
      items: [{ action: 'republish', by: 'local', why: 'they were deleted', details: { confirmed: 2 } }],
    });
    const [row] = await endput.query<{ message_id: string }>('SELECT message_id FROM orders WHERE source_id = 3');
    const { body: life } = await ask.get<{ events: { kind: string }[] }>(
      `/v0/pipelines/orders/messages/${row!.message_id}`,
    );
    expect(life.events).toContainEqual(
      expect.objectContaining({ kind: 'republished', by: 'local', why: 'they were deleted', reconciliation: id }),
    );
  });

  it('names the fields in which a row differs, as a list and as a file', async () => {
    await endput.query('UPDATE orders SET price = 0.05, product = $1 WHERE source_id = 9', ['no such thing']);
    const { id } = await reconciled();
    const { body } = await ask.get<{ items: unknown[] }>(
      `/v0/pipelines/orders/reconciliations/${id}/rows?kind=differs`,
    );
    const differences = [
      { field: 'product', source: expect.any(String) as string, stored: 'no such thing' },
      { field: 'price', source: expect.stringMatching(/^\d+\.\d\d$/) as string, stored: '0.05' },
    ];
    expect(body.items).toEqual([expect.objectContaining({ id: '9', differences })]);
    const csv = await (
      await fetch(`${pipeline.console.url}/v0/pipelines/orders/reconciliations/${id}/export?format=csv`)
    ).text();
    expect(csv).toMatch(/product: .* in the source, no such thing in the endput; price: .*, 0\.05 in the endput/);
    const { body: json } = await ask.get(`/v0/pipelines/orders/reconciliations/${id}/export`);
    expect(json).toMatchObject({ rows: [{ id: '9', differences }] });
  });

  it('counts as archived what somebody says was archived at its source, until it is taken back', async () => {
    const [row] = await endput.query<{ system: string }>('SELECT system FROM orders LIMIT 1');
    await endput.query(
      `INSERT INTO orders SELECT gen_random_uuid(), system, 1000 + source_id, product, price, security_check,
              source_created_at - interval '400 days', round, attempts, stored_at FROM orders WHERE source_id < 4`,
    );
    expect(await reconciled()).toMatchObject({ systems: [{ classes: { orphan: 3, archived: 0 } }] });
    expect((await ask.post('/v0/pipelines/orders/archivings', { system: row!.system, why: 'x' })).body).toMatchObject({
      ...{ status: 400, detail: 'In the body: the whole is not a system with before_day, up_to_id or both.' },
    });
    const never = { system: row!.system, before_day: '2026-02-30', why: 'x' };
    expect((await ask.post('/v0/pipelines/orders/archivings', never)).status).toBe(400);
    expect(
      (await ask.post('/v0/pipelines/orders/archivings', { system: 'nobody', up_to_id: '1', why: 'x' })).status,
    ).toBe(400);
    const before_day = new Date(Date.now() - 30 * 86_400_000).toISOString().slice(0, 10);
    const said = { system: row!.system, before_day, why: 'older than a month' };
    const { status, body } = await ask.post<{ id: string }>('/v0/pipelines/orders/archivings', said);
    expect([status, body]).toEqual([201, expect.objectContaining({ ...said, by: 'local', withdrawn_at: null })]);
    expect(await reconciled()).toMatchObject({ systems: [{ classes: { orphan: 0, archived: 3 } }] });
    expect((await ask.post(`/v0/pipelines/orders/archivings/${body.id}/withdraw`, { why: 'wrong day' })).status).toBe(
      200,
    );
    expect((await ask.post(`/v0/pipelines/orders/archivings/${body.id}/withdraw`, { why: 'again' })).status).toBe(404);
    expect(await reconciled()).toMatchObject({ systems: [{ classes: { orphan: 3, archived: 0 } }] });
    const { body: history } = await ask.get<{ items: { action: string }[] }>('/v0/pipelines/orders/history?limit=9');
    expect(history.items.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['archived', 'archived-withdrawn', 'reconcile']),
    );
  });

  it.each([
    ['/v0/pipelines/orders/reconciliations/00000000-0000-4000-8000-000000000000', 404, 'not-found'],
    ['/v0/pipelines/orders/reconciliations/00000000-0000-4000-8000-000000000000/republish', 404, 'not-found'],
    ['/v0/pipelines/orders/reconciliations/x', 400, 'invalid-request'],
    [
      '/v0/pipelines/orders/reconciliations/00000000-0000-4000-8000-000000000000/rows?kind=lost',
      400,
      'invalid-request',
    ],
    ['/v0/pipelines/orders/reconciliations?cursor=x', 400, 'invalid-request'],
  ] as const)('GET %s is a problem', async (path, status, code) => {
    expect((await ask.get(path)).body).toMatchObject({ status, code });
  });
});
